"""Replicas of a model on Ray Serve, as one worker."""
