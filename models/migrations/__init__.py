"""Alembic's folder: env.py runs revisions on the connection that the store hands over."""
