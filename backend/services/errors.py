"""What a service refuses, and why. `str(error)` is meant for the person who asked.

ServiceError
    NotFound    there is no such thing
    Conflict    it is in a state that does not allow this
    Gone        it was there and has ended
    Forbidden   not for this asker
    TooLarge    over a limit
    Full        there is no room for more
"""


class ServiceError(Exception):
    pass


class NotFound(ServiceError):
    pass


class Conflict(ServiceError):
    pass


class Gone(ServiceError):
    pass


class Forbidden(ServiceError):
    pass


class TooLarge(ServiceError):
    pass


class Full(ServiceError):
    pass
