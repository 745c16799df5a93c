"""Addresses of recordings and jobs."""

from django.urls import path

from transcripts.views import exports, jobs, media, recordings, upload

app_name = "transcripts"
urlpatterns = [
    path("", recordings.index, name="list"),
    path("rows/", recordings.rows, name="rows"),
    path("queue/", recordings.queue_state, name="queue"),
    path("upload/", upload.upload, name="upload"),
    path("recordings/<uuid:recording_id>/", recordings.detail, name="detail"),
    path("recordings/<uuid:recording_id>/media", media.media, name="media"),
    path("recordings/<uuid:recording_id>/delete/", recordings.delete, name="delete"),
    path("jobs/<uuid:job_id>/live", recordings.live, name="live"),
    path("jobs/<uuid:job_id>/resume", jobs.resume, name="resume"),
    path("jobs/<uuid:job_id>/export", exports.export, name="export"),
]
