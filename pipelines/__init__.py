"""CRM data, campaigns and the command line on top of :mod:`fairness`."""
