"""Watch files: what a FIT, TCX or GPX file says about one run; a file is read once, in memory, and never kept."""

from patients.watch.reading import read_watch_file
from patients.watch.recording import Reason, Recording, Unreadable

__all__ = ("Reason", "Recording", "Unreadable", "read_watch_file")
