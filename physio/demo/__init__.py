"""The demo clinics, lived day by day through the same actions the pages call, and a large set of data for measuring."""
