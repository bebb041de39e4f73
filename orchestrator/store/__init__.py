"""The truth: SQLAlchemy Core on SQLite and PostgreSQL behind the ports."""
