"""From what the workspace wants and what both services have to a plan: a frozen value. Pure."""
