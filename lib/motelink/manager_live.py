"""The answer to getinfo whose data are written afresh each time. Loaded when first needed."""

from motelink.jsonw import JsonWriter


def write_info(tx, framing, prefix: bytes, write) -> None:
    """Put ``prefix`` and the JSON object that ``write(writer)`` writes into ``tx``, framed.

    Raises ValueError when it is no object, TooLarge when it does not fit. Allocates one writer.
    """
    tx.make_room(0)
    at = tx.end
    framing.begin()
    tx.put(prefix)
    start = tx.end
    write(JsonWriter(tx))
    if tx.end - start < 2 or tx.data[start] != 123 or tx.data[tx.end - 1] != 125:
        raise ValueError("data must write one JSON object")
    framing.finish(at)
