"""The steps, oldest first. Each says what its predecessor is; none is ever edited once released."""
