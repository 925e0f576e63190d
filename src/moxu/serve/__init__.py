"""What programs and pages reach over HTTP: many writers, one model."""
