"""Pages on paper: a template of ours, what goes on it as data, the fonts inside the file."""
