"""The answer to getinfo whose data are written afresh each time. Loaded when first needed."""

from motelink.jsonw import JsonWriter


def write_info(tx, framing, prefix: bytes, write) -> None:
    """Put ``prefix`` and the JSON object that ``write(writer)`` fills into ``tx``, framed.

    Raises ValueError when it leaves something open or closes too much, TooLarge when it does not
    fit. Allocates one writer.
    """
    tx.make_room(0)
    at = tx.end
    framing.begin()
    tx.put(prefix)
    writer = JsonWriter(tx)
    writer.object()
    write(writer)
    if writer.depth != 1:
        raise ValueError("data must end the objects and arrays that it begins, and no others")
    writer.end()
    framing.finish(at)
