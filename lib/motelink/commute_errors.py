"""The errors of IoT Commute, which are motelink's, too."""

from motelink.errors import LinkError


class IotCommuteException(LinkError):
    """``message``: str; ``code``: int, in HTTP's terms."""

    def __init__(self, message, code=500):
        super().__init__(message)
        self.message = message
        self.code = code

    def __str__(self):
        return self.message


class AuthException(IotCommuteException):
    """Id or key refused. Final."""

    final = True

    def __init__(self, message):
        super().__init__(message, 401)


class ClosedException(IotCommuteException):
    """Not connected, or not for as many tries as were allowed. Final."""

    final = True

    def __init__(self, message):
        super().__init__(message, 503)


class PayloadException(IotCommuteException):
    """What is to be sent is no JSON."""

    def __init__(self, message):
        super().__init__(message, 400)


class TimeoutException(IotCommuteException):
    """No state came in time."""

    def __init__(self, message):
        super().__init__(message, 408)
