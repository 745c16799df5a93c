"""The engine process: requests in on stdin, replies out on stdout, one JSON object a line.

Every request has `type` and `id`; every reply repeats the `id`. At the start the process says
`{"type": "ready", "protocol": 1}`.

========== ==================================================================== =======================================
request    fields                                                               last reply `done` has
========== ==================================================================== =======================================
probe      path                                                                 media (`speech.types.Media`)
plan       media, work, engine (EngineSpec), options (Options)                  plan (Plan), peaks (list of 0..255)
transcribe media, work, engine, options, plan, first_batch                      peak_memory_bytes
stop       id of the request that is to end                                     that request answers `stopped` or `done`
quit                                                                            none: the process ends
========== ==================================================================== =======================================

Before the last reply there may be `{"type": "progress", "stage": ..., "seconds": done, "total": all}` (at least one line every
few seconds while something is being loaded or decoded: a sign of life) and, for `transcribe`, one
`{"type": "batch", "batch": index, "results": [PieceResult, ...], "seconds": wall time it took}` for each batch, in order.
A request that fails answers `{"type": "error", "code", "message", "permanent"}`, where `message` is a sentence for a person.

`work` is the path of the work file (16 kHz mono s16, no header): it is written by `plan`, and made again by `transcribe` if missing.
stdout belongs to the protocol: whatever a library prints goes to stderr.
"""
