"""What use cases are declared with: periods, texts, fields of inputs, words, courses; all pure."""
