"""Where the work runs: Celery processes and the command line around the orchestrator."""
