"""Listings (挂牌项目): achievements, notices, registrations and deposits of buyers."""
