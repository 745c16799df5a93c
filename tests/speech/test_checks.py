from speech.asr import checks


def test_compression_ratio_of_nothing_is_zero():
    assert checks.compression_ratio("") == 0.0


def test_compression_ratio_tells_a_loop_from_speech():
    assert checks.compression_ratio("Ask not what your country can do for you.") < 1.5
    assert checks.compression_ratio("thank you very much " * 20) > checks.COMPRESSION_LIMIT


def test_has_loop_finds_a_phrase_said_four_times():
    assert checks.has_loop("well I think so. I think so. I think so. I think so.")


def test_has_loop_lets_people_say_a_word_three_times():
    assert not checks.has_loop("No, no, no, that is not what I said, I said that it is late.")


def test_has_loop_counts_characters_where_there_are_no_spaces():
    assert checks.has_loop("謝謝謝謝謝謝")
    assert not checks.has_loop("你好世界")


def test_doubts_names_each_failed_check():
    assert checks.doubts("moon " * 40, mean_log_probability=-1.4) == ("compression", "probability", "repetition")
    assert checks.doubts("A calm white moon.", mean_log_probability=-0.2) == ()


def test_is_silence_needs_both_signs():
    assert checks.is_silence(no_speech_probability=0.9, mean_log_probability=-1.2)
    assert not checks.is_silence(no_speech_probability=0.9, mean_log_probability=-0.3)
    assert not checks.is_silence(no_speech_probability=0.2, mean_log_probability=-1.2)
