import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from audio import pcm as audio
from audio.session import (
    Finished,
    Keyed,
    Listening,
    MediaSession,
    NobodySpoke,
    Paused,
    PromptHeard,
    SendAudio,
    SendClear,
    SendMark,
    Started,
    to_record,
)
from audio.sounds import hold_music, tone
from audio.turn import ENDS, Heard, Timing, TurnDetector
from audio.voice_cache import PromptStore, key_of
from ivr.errors import InvalidInput
from ivr.ports import EngineInfo

# ---- PCM


def test_mu_law_is_g711():
    assert audio.to_ulaw(np.array([0, 32767, -32768], dtype=np.int16)) == bytes([0xFF, 0x80, 0x00])
    assert list(audio.from_ulaw(bytes([0xFF, 0x7F, 0x80, 0x00]))) == [0, 0, 32124, -32124]


@given(st.integers(-32768, 32767))
def test_mu_law_keeps_a_sample_within_its_step(sample):
    back = int(audio.from_ulaw(audio.to_ulaw(np.array([sample], dtype=np.int16)))[0])
    assert abs(back - sample) <= max(8, abs(sample) // 16 + 8)


@given(st.binary(max_size=50))
def test_every_mu_law_byte_survives_both_ways(data):
    again = audio.to_ulaw(audio.from_ulaw(data))
    assert again.replace(b"\x7f", b"\xff") == data.replace(b"\x7f", b"\xff")


def test_resampling_keeps_the_pitch():
    wave = tone(440, 500)
    up = audio.resample(wave, 8000, 24_000)
    peak = np.argmax(np.abs(np.fft.rfft(up.astype(float)))) * 24_000 / len(up)
    assert abs(peak - 440) < 3
    assert abs(len(up) - 3 * len(wave)) <= 3


def test_levels_are_brought_to_minus_twenty_without_clipping():
    loud = audio.levelled(tone(440, 300, level=0.9))
    quiet = audio.levelled(tone(440, 300, level=0.01))
    assert abs(audio.dbfs(loud) + 20) < 1
    assert abs(audio.dbfs(quiet) + 20) < 1
    assert abs(int(loud[0])) < 10


def test_silence_around_a_prompt_is_cut():
    wave = np.concatenate([audio.silence(500), tone(440, 100), audio.silence(500)])
    assert len(audio.trimmed(wave, 8000)) == pytest.approx(8 * 200, abs=20)


def test_wav_files_come_back_as_they_were_and_others_are_refused():
    wave = tone(440, 50)
    back, rate = audio.read_wav(audio.to_wav(wave))
    assert rate == 8000
    assert (back == wave).all()
    for data in (b"", b"nonsense", b"RIFF1234WAVE"):
        with pytest.raises(InvalidInput):
            audio.read_wav(data)


def test_hold_music_loops_and_is_not_loud():
    assert len(hold_music()) == 16 * 8000
    assert np.abs(hold_music().astype(int)).max() < 12_000


# ---- turn-taking

W = 32


def turns(pattern, timing=None):
    detector, found = TurnDetector(timing or Timing(end_ms=320, pause_ms=160)), []
    for at, mark in enumerate(pattern):
        found += [(at, heard) for heard in detector.feed(0.9 if mark == "#" else 0.1, W)]
    return found


def test_speech_begins_after_three_windows_and_ends_after_silence():
    assert turns("...#####..........") == [(5, Heard.STARTED), (12, Heard.PAUSED), (17, Heard.FINISHED)]


def test_a_click_is_no_speech():
    assert turns("..##....#.....##.....") == []


def test_a_pause_in_the_middle_does_not_end_the_turn():
    found = [heard for _, heard in turns("####......####..........")]
    assert found == [Heard.STARTED, Heard.PAUSED, Heard.RESUMED, Heard.PAUSED, Heard.FINISHED]


def test_hysteresis_keeps_soft_endings():
    detector = TurnDetector(Timing())
    for probability in (0.9, 0.9, 0.9, 0.4, 0.4):
        detector.feed(probability, W)
    assert detector.silence_ms == 0


def test_endless_speech_is_cut_off():
    assert turns("#" * 200, Timing(longest_ms=1600))[1] == (49, Heard.FINISHED)


def test_a_complete_answer_ends_earlier_but_not_at_once():
    detector = TurnDetector(Timing(pause_ms=96, early_ms=192, end_ms=960))
    for _ in range(6):
        detector.feed(0.9, W)
    for _ in range(4):
        detector.feed(0.1, W)
    assert not detector.complete()
    assert detector.feed(0.1, W) == []
    assert detector.feed(0.1, W) == [Heard.FINISHED]


def test_every_kind_of_question_has_its_own_patience():
    assert ENDS["yes_no"].end_ms < ENDS["open"].end_ms < ENDS["digits"].end_ms
    assert all(timing.early_ms <= timing.end_ms for timing in ENDS.values())


# ---- the session


class MarkedVad:
    """Takes the loudness of the audio for speech."""

    def __init__(self):
        self.rest = 0

    def feed(self, pcm):
        self.rest += len(pcm)
        count, self.rest = divmod(self.rest, 256)
        loud = bool(len(pcm)) and int(np.abs(pcm.astype(int)).max()) > 1000
        return [0.9 if loud else 0.0] * count


LOUD = audio.to_ulaw((np.random.default_rng(7).normal(0, 6000, 160)).astype(np.int16))
"""20 ms of the caller's speech, as far as the session cares."""
PROMPT = audio.to_ulaw(tone(440, 20, level=0.5))
QUIET = audio.SILENCE
OPEN = Listening(Timing(pause_ms=160, early_ms=192, end_ms=320), no_input_ms=1000, max_keys=1)
NUMBER = Listening(ENDS["digits"], no_input_ms=1000, max_keys=6, finish_key="#", inter_digit_ms=500)


class Line:
    """A session on a virtual clock with a carrier that returns marks in time."""

    def __init__(self, marks=True):
        self.now, self.session, self.out = 0.0, MediaSession(MarkedVad(), 0.0), []
        self.heard_until, self.pending, self.marks = 0.0, [], marks

    def run(self, milliseconds, frame=QUIET):
        for _ in range(milliseconds // 20):
            self.take(self.session.audio(frame, self.now))
            self.take(self.session.tick(self.now))
            due = [name for at, name in self.pending if at <= self.now]
            self.pending = [(at, name) for at, name in self.pending if at > self.now]
            for name in due if self.marks else []:
                self.take(self.session.mark(name, self.now))
            self.now += 20
        return self

    def take(self, outputs):
        for output in outputs:
            self.out.append((self.now, output))
            match output:
                case SendAudio(ulaw=ulaw):
                    self.heard_until = max(self.heard_until, self.now) + len(ulaw) / 8
                case SendMark(name=name):
                    self.pending.append((self.heard_until, name))
                case SendClear():
                    self.heard_until = self.now
                    self.pending = [(self.now, name) for _, name in self.pending]

    def prompt(self, milliseconds, *, barge_in=True):
        self.session.begin_prompt(barge_in=barge_in)
        self.session.play(PROMPT * (milliseconds // 20))
        self.session.prompt_complete()

    def listen(self, listening=OPEN):
        self.take(self.session.listen(listening, self.now))

    def kinds(self):
        return [type(output) for _, output in self.out]

    def first(self, kind):
        return next((at, output) for at, output in self.out if isinstance(output, kind))

    def sent_ms(self):
        return sum(len(o.ulaw) / 8 for _, o in self.out if isinstance(o, SendAudio))


def test_a_prompt_is_sent_with_a_short_lead_only_and_a_mark_behind_it():
    line = Line()
    line.prompt(2000)
    line.run(100)
    assert line.sent_ms() <= 420
    line.run(3000)
    assert line.sent_ms() == 2000
    assert line.kinds()[-1] is PromptHeard
    assert line.first(PromptHeard)[0] == pytest.approx(2000, abs=60)


def test_no_input_is_counted_from_the_end_of_the_played_prompt():
    line = Line()
    line.prompt(500)
    line.listen()
    line.run(3000)
    assert line.first(NobodySpoke)[0] == pytest.approx(1500, abs=80)


def test_a_carrier_that_loses_the_mark_does_not_hold_the_call():
    line = Line(marks=False)
    line.prompt(200)
    line.listen()
    line.run(5000)
    assert NobodySpoke in line.kinds()


def test_speech_is_handed_over_with_its_beginning():
    line = Line()
    line.listen()
    line.run(300).run(600, LOUD).run(800)
    at, finished = line.first(Finished)
    assert not finished.barged_in
    assert len(finished.pcm) / 8 > 600 + 200
    assert finished.ended_ms == pytest.approx(900, abs=60)
    assert at == pytest.approx(900 + 320, abs=100)
    assert Paused in line.kinds()


def test_a_complete_answer_ends_the_turn_earlier():
    line = Line()
    line.listen()
    line.run(600, LOUD).run(180)
    _, paused = line.first(Paused)
    line.take(line.session.complete(paused.utterance))
    line.run(400)
    assert line.first(Finished)[0] < 600 + 280


def test_a_guess_of_an_older_utterance_ends_nothing():
    line = Line()
    line.listen()
    line.run(600, LOUD).run(180)
    _, paused = line.first(Paused)
    line.run(200, LOUD)
    line.take(line.session.complete(paused.utterance))
    line.run(60)
    assert Finished not in line.kinds()


def test_speech_stops_the_prompt_within_250_ms():
    line = Line()
    line.prompt(5000)
    line.listen()
    line.run(1000).run(400, LOUD)
    at, _ = line.first(SendClear)
    assert at - 1000 <= 250
    assert line.first(Started)[1] == Started(barged_in=True)


def test_our_own_first_echo_does_not_stop_the_prompt():
    line = Line()
    line.prompt(5000)
    line.listen()
    line.run(160, LOUD).run(200)
    assert SendClear not in line.kinds()


def test_a_false_alarm_resumes_the_prompt_where_it_stopped():
    line = Line()
    line.prompt(3000)
    line.listen()
    line.run(1000).run(200, LOUD).run(600)
    assert Finished in line.kinds()
    line.session.resume(line.now)
    line.listen()
    line.run(5000)
    assert line.sent_ms() == pytest.approx(3000 + 300, abs=160)
    assert PromptHeard in line.kinds()


def test_a_prompt_without_barge_in_is_heard_to_its_end():
    line = Line()
    line.prompt(1500, barge_in=False)
    line.listen()
    line.run(1400, LOUD)
    assert SendClear not in line.kinds()


def test_a_key_always_stops_the_prompt_at_once():
    line = Line()
    line.prompt(5000, barge_in=False)
    line.listen()
    line.run(300)
    line.take(line.session.key("1", line.now))
    assert line.kinds()[-2:] == [SendClear, Keyed]
    line.run(1000)
    assert line.sent_ms() <= 700


def test_digits_end_at_their_count_at_hash_or_after_a_pause():
    for keys, digits in (("123456", "123456"), ("12#", "12")):
        line = Line()
        line.listen(NUMBER)
        for key in keys:
            line.take(line.session.key(key, line.now))
            line.run(100)
        assert line.first(Keyed)[1].digits == digits
    line = Line()
    line.listen(NUMBER)
    line.take(line.session.key("0", line.now))
    line.run(1000)
    assert line.first(Keyed)[1].digits == "0"
    assert NobodySpoke not in line.kinds()


def test_a_star_ends_a_number_where_the_menu_says_so_and_hash_counts_as_a_key_then():
    line = Line()
    line.listen(Listening(ENDS["digits"], max_keys=6, finish_key="*"))
    for key in "1#2*":
        line.take(line.session.key(key, line.now))
    assert line.first(Keyed)[1].digits == "1#2"


def test_without_a_finish_key_hash_is_a_key_like_others():
    line = Line()
    line.listen(OPEN)
    line.take(line.session.key("#", line.now))
    assert line.first(Keyed)[1].digits == "#"


def test_a_finish_key_alone_says_nothing():
    line = Line()
    line.listen(NUMBER)
    line.take(line.session.key("#", line.now))
    assert line.kinds() == [NobodySpoke]


def test_a_finish_key_behind_a_full_number_belongs_to_the_number():
    line = Line()
    line.listen(NUMBER)
    for key in "123456":
        line.take(line.session.key(key, line.now))
    line.run(200)
    line.take(line.session.key("#", line.now))
    line.listen(OPEN)
    assert line.kinds().count(Keyed) == 1
    line.take(line.session.key("#", line.now))
    assert line.kinds().count(Keyed) == 2


# ---- recording

MESSAGE = to_record(silence_ms=1000, longest_ms=6000, no_input_ms=2000, tone=LOUD * 10)


def recording(prompt_ms=1000, wanted=MESSAGE):
    line = Line()
    line.session.begin_prompt(barge_in=False)
    line.listen(wanted)
    line.session.play(PROMPT * (prompt_ms // 20))
    line.session.prompt_complete()
    return line


def test_a_message_is_what_was_said_after_the_tone_without_the_silence_behind_it():
    line = recording()
    line.run(1300).run(2000, LOUD).run(1500)
    at, finished = line.first(Finished)
    assert line.sent_ms() == 1200  # the prompt and the tone
    assert at == pytest.approx(1300 + 2000 + 1000, abs=100)
    assert len(finished.pcm) / 8 == pytest.approx(2000 + 300, abs=150)
    assert Paused not in line.kinds()


def test_a_pause_for_thought_does_not_end_a_message():
    line = recording()
    line.run(1300).run(1000, LOUD).run(800).run(1000, LOUD).run(1200)
    _, finished = line.first(Finished)
    assert len(finished.pcm) / 8 == pytest.approx(2800 + 300, abs=150)


def test_speech_does_not_stop_the_prompt_of_a_recording_and_is_no_part_of_it():
    line = recording()
    line.run(1000, LOUD)
    assert SendClear not in line.kinds()
    line.run(500).run(500, LOUD).run(1500)
    _, finished = line.first(Finished)
    assert len(finished.pcm) / 8 == pytest.approx(500 + 300, abs=350)


def test_hash_ends_a_message_and_keeps_it():
    line = recording()
    line.run(1300).run(1500, LOUD)
    line.take(line.session.key("#", line.now))
    at, finished = line.first(Finished)
    assert at == 2800
    assert len(finished.pcm) / 8 == pytest.approx(1500, abs=150)
    assert Keyed not in line.kinds()


def test_hash_in_the_prompt_leads_straight_to_the_tone():
    line = recording(prompt_ms=5000)
    line.run(400)
    line.take(line.session.key("#", line.now))
    assert SendClear in line.kinds()
    line.session.play(PROMPT * 50)  # what the voice had still to say is not heard
    line.session.prompt_complete()
    line.run(300).run(1000, LOUD).run(1500)
    assert line.sent_ms() <= 400 + 300 + 20 + 200
    assert len(line.first(Finished)[1].pcm) / 8 == pytest.approx(1000 + 300, abs=150)


def test_another_key_wins_over_a_message():
    line = recording()
    line.run(1300).run(1000, LOUD)
    line.take(line.session.key("0", line.now))
    line.run(2000)
    assert line.first(Keyed)[1].digits == "0"
    assert Finished not in line.kinds()


def test_a_message_ends_at_its_greatest_length():
    line = recording()
    line.run(1300).run(9000, LOUD)
    at, _ = line.first(Finished)
    assert at == pytest.approx(1300 + 6000, abs=150)


def test_silence_after_the_tone_is_nobody_even_if_hash_is_pressed():
    line = recording()
    line.run(5000)
    assert line.first(NobodySpoke)[0] == pytest.approx(1200 + 2000, abs=100)
    line = recording()
    line.run(1500)
    line.take(line.session.key("#", line.now))
    assert line.kinds()[-1] is NobodySpoke


def test_a_click_is_no_message_and_the_caller_is_still_waited_for():
    line = recording()
    line.run(1400).run(120, LOUD).run(5000)
    assert Finished not in line.kinds()
    assert NobodySpoke in line.kinds()


def test_a_message_that_is_cut_off_by_hanging_up_is_worth_keeping_from_a_second_on():
    line = recording()
    line.run(1300).run(2000, LOUD)
    assert len(line.session.hung_up()) / 8 == pytest.approx(2000, abs=150)
    assert len(line.session.hung_up()) == 0
    line = recording()
    line.run(1300).run(600, LOUD)
    assert len(line.session.hung_up()) == 0
    line = Line()
    line.listen()
    line.run(3000, LOUD)
    assert len(line.session.hung_up()) == 0


def test_keys_typed_ahead_answer_the_next_question():
    line = Line()
    line.take(line.session.key("1", 0.0))
    line.listen()
    assert line.first(Keyed)[1].digits == "1"


def test_audio_that_comes_after_a_barge_in_is_not_played():
    line = Line()
    line.session.begin_prompt()
    line.session.play(PROMPT * 50)
    line.listen()
    line.run(600).run(300, LOUD)
    sent = line.sent_ms()
    line.session.play(PROMPT * 50)
    line.session.prompt_complete()
    line.run(300, LOUD)
    assert line.sent_ms() == sent


@given(
    st.lists(
        st.sampled_from(
            ["quiet", "loud", "key", "hash", "prompt", "listen", "record", "stop", "resume", "gone"]
        ),
        max_size=30,
    )
)
def test_no_order_of_happenings_breaks_the_session(steps):
    line = Line()
    for what in steps:
        match what:
            case "quiet":
                line.run(200)
            case "loud":
                line.run(200, LOUD)
            case "key":
                line.take(line.session.key("5", line.now))
            case "hash":
                line.take(line.session.key("#", line.now))
            case "prompt":
                line.prompt(400)
            case "listen":
                line.listen(NUMBER)
            case "record":
                line.listen(MESSAGE)
            case "gone":
                line.session.hung_up()
            case "stop":
                line.session.stop_listening()
            case "resume":
                line.session.resume(line.now)
    assert line.heard_until - line.now <= 400


# ---- the prompt store

INFO = EngineInfo("hibari", "en", "x", 24_000)


def test_prompts_are_kept_by_content(tmp_path):
    store = PromptStore(tmp_path)
    key = key_of(INFO, "Hello.")
    assert store.get(key) is None
    store.put(key, b"\x00\x01")
    assert PromptStore(tmp_path).get(key) == b"\x00\x01"
    assert key_of(INFO, "Hello!") != key
    assert not list(tmp_path.glob("*.part"))
