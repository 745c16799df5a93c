"""Addresses of recordings and jobs."""

from django.urls import path

from transcripts.views import bulk, edits, exports, gaps, identify, jobs, live, media, queue, recordings, system, upload

app_name = "transcripts"
urlpatterns = [
    path("", recordings.index, name="list"),
    path("rows/", recordings.rows, name="rows"),
    path("queue/", queue.index, name="queue"),
    path("queue/state", queue.state, name="queue-state"),
    path("queue/line", queue.line, name="queue-line"),
    path("queue/hold", queue.hold, name="queue-hold"),
    path("queue/resume", queue.resume, name="queue-resume"),
    path("queue/concurrency", queue.set_concurrency, name="queue-concurrency"),
    path("alarms/", system.alarms, name="alarms"),
    path("trouble/", system.trouble, name="trouble"),
    path("system/", system.index, name="system"),
    path("system/restart/", system.restart, name="restart-workers"),
    path("upload/", upload.upload, name="upload"),
    path("recordings/<uuid:recording_id>/", recordings.detail, name="detail"),
    path("recordings/selected", bulk.selected, name="selected"),
    path("recordings/clear", bulk.clear, name="clear"),
    path("recordings/<uuid:recording_id>/version", recordings.version, name="version"),
    path("recordings/<uuid:recording_id>/media", media.media, name="media"),
    path("recordings/<uuid:recording_id>/delete/", recordings.delete, name="delete"),
    path("jobs/<uuid:job_id>/front", queue.front, name="front"),
    path("jobs/<uuid:job_id>/live", live.live, name="live"),
    path("jobs/<uuid:job_id>/gaps", gaps.standing, name="gaps"),
    path("jobs/<uuid:job_id>/gaps/retry", gaps.retry, name="retry-gaps"),
    path("jobs", bulk.jobs, name="jobs"),
    path("jobs/<uuid:job_id>/pause", jobs.pause, name="pause"),
    path("jobs/<uuid:job_id>/resume", jobs.resume, name="resume"),
    path("jobs/<uuid:job_id>/cancel", jobs.cancel, name="cancel"),
    path("jobs/<uuid:job_id>/restart", jobs.restart, name="restart"),
    path("jobs/<uuid:job_id>/show", jobs.choose, name="show"),
    path("jobs/<uuid:job_id>/speaker", edits.assign, name="assign"),
    path("jobs/<uuid:job_id>/speakers/<int:speaker_id>/name", edits.rename, name="rename-speaker"),
    path("jobs/<uuid:job_id>/speakers/<int:speaker_id>/merge", edits.merge, name="merge-speaker"),
    path("jobs/<uuid:job_id>/labellings/<int:labelling_id>/use", edits.use, name="use-labelling"),
    path("jobs/<uuid:job_id>/identify", identify.identify, name="identify"),
    path("jobs/<uuid:job_id>/identifying", identify.standing, name="identifying"),
    path("jobs/<uuid:job_id>/undo", edits.undo_last, name="undo-last"),
    path("jobs/<uuid:job_id>/edits/<int:edit_id>/undo", edits.undo, name="undo"),
    path("jobs/<uuid:job_id>/export", exports.export, name="export"),
]
