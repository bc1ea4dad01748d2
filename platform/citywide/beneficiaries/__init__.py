"""The files on the persons served."""
