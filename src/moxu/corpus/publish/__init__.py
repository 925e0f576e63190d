"""Write books as files that readers and word processors open."""
