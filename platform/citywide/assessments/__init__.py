"""Needs assessments: instruments as data, and what was answered, scored and approved."""
