"""The decision: which cells no other one dominates, and which artifact to ship within bounds."""
