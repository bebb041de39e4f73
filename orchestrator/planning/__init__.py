"""From a request to a checked plan with its best path; `planner.Planner` is the door."""
