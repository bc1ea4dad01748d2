"""Cases: casework with one person in the six stages of the standard MZ/T 094-2017."""
