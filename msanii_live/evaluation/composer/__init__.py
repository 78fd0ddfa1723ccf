"""Evaluation of the composer: measures of notes, tasks, and the table."""
