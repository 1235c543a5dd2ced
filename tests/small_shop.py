"""A small hotline for tests of what happens around the dialogue: messages, queues, transfers."""

from pathlib import Path

OFFICE, DESK = "+4930123456", "sip:desk@shop.example"
MENUS = """\
hotline: Small Shop
language: en
start: welcome
always:
  agent: {keys: ["0"], phrases: [agent, a person], goto: person}
patience: {no_input: 6s, tries: 3, give_up: person}
order_number: {length: 6}
queues: {support: }
skills: [orders]
nodes:
  welcome:
    menu: open
    say: "Welcome to the small shop. Press 1 to leave a message."
    choices:
      - {key: "1", phrases: [message], goto: leave_message}
      - {key: "2", phrases: [office], goto: office}
      - {key: "3", phrases: [desk], goto: desk}
      - {key: "4", phrases: [consent], goto: consent}
  leave_message:
    record: message
    say: "Please speak after the tone."
    say_again: "I did not hear anything. Please speak after the tone."
    longest: 2m
    goto: kept
    patience: {tries: 2, give_up: bye}
  kept: {goodbye: "Thank you, we have your message.", outcome: voicemail}
  consent:
    record: consent
    say: "Do you agree? Say yes after the tone."
    longest: 5s
    goto: office
    refused: bye
  person:
    queue: support
    say: "Please stay on the line."
    while_waiting: {music: calm, announce: [position], every: 45s, offer_callback_after: @OFFER@, callback: call_back}
    overflow: {after: @OVERFLOW@, say: "All colleagues are busy.", goto: leave_message}
  call_back:
    callback: support
    filler: "One moment."
    on: {booked: booked, no_number: leave_message, unavailable: leave_message}
  booked: {say: "We will call you back.", goto: anything_else}
  anything_else:
    menu: open
    say: "Is there anything else?"
    choices:
      - {key: "9", intents: ["no"], goto: bye}
      - {key: "2", phrases: [office], goto: office}
      - {key: "1", phrases: [message], goto: leave_message}
  office:
    transfer: "@OFFICE@"
    say: "I will connect you with the office."
    timeout: 20s
    goto: leave_message
    on: {busy: office_busy}
  office_busy: {say: "The office is talking.", goto: anything_else}
  desk: {transfer: "@DESK@", goto: anything_else}
  bye: {goodbye: "Goodbye."}
"""


def written(folder: Path, *, offer: str = "60s", overflow: str = "10m") -> Path:
    """Write the menus into a folder and return it."""
    text = MENUS
    for name, value in (("OFFER", offer), ("OVERFLOW", overflow), ("OFFICE", OFFICE), ("DESK", DESK)):
        text = text.replace(f"@{name}@", value)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "hotline.yaml").write_text(text)
    return folder
