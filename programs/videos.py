"""Films as they are kept: in parts, so that sending the middle of one reads no more than that."""

from collections.abc import Iterator

from programs.models import ExerciseVideo, VideoPart


def pieces_of(video: ExerciseVideo, first: int, last: int) -> Iterator[bytes]:
    """Yield the bytes from `first` to `last` of a film that the caller may see, one stored part at a time."""
    step = VideoPart.BYTES
    for number in range(first // step, last // step + 1):
        content = VideoPart.objects.filter(clinic_id=video.clinic_id, video=video, number=number).values_list("content", flat=True)[0]
        yield bytes(content)[max(first - number * step, 0) : last - number * step + 1]
