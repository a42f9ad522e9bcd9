"""Tables that people fill in: columns, cells, faults. Which columns there are, a module says."""
