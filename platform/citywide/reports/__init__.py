"""What was agreed, done, spent and found, on paper and in a workbook."""
