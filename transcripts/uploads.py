"""How uploads reach the disk: `FILE_UPLOAD_HANDLERS` names the class here."""

import logging
import weakref
from typing import Any

from django.core.files.uploadhandler import FileUploadHandler
from django.db import DatabaseError, InterfaceError
from django.http import HttpRequest

from preferences.models import Settings
from transcripts.incoming import DATABASE_AWAY, IncomingFile

log = logging.getLogger(__name__)

STRANGER = "You are not signed in. Nothing was saved. Sign in, then upload the file again."


class HashingUploadHandler(FileUploadHandler):
    """Stream each file of a form to the incoming folder, hashed and held to the limits on the way.

    A refused file does not stop the form: the view gets it as an IncomingFile whose `refused` says why.
    """

    file: IncomingFile

    def __init__(self, request: HttpRequest | None = None) -> None:
        # Nobody tells the handler of a broken connection: its file goes with the request, which a cycle would delay.
        super().__init__(weakref.proxy(request) if request else None)

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        try:
            limit_bytes, is_signed_in = Settings.load().upload_limit_bytes, self._is_signed_in()
        except (DatabaseError, InterfaceError) as err:  # The form is read to its end, so that it gets an answer.
            log.warning("the database is away during an upload: %s", err)
            self.file = IncomingFile(str(self.file_name), limit_bytes=0)
            self.file.refuse(DATABASE_AWAY)
            return
        self.file = IncomingFile(str(self.file_name), limit_bytes=limit_bytes)
        if not is_signed_in:
            self.file.refuse(STRANGER)

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        self.file.receive(raw_data)

    def file_complete(self, file_size: int) -> IncomingFile:
        self.file.seek(0)
        return self.file

    def upload_interrupted(self) -> None:
        self.file.close()

    def _is_signed_in(self) -> bool:
        """Return whether a person sent this: the check of the CSRF token reads the form before any view can."""
        user = getattr(self.request, "user", None)
        return user is not None and user.is_authenticated
