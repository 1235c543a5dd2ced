"""The ways out for messages, against real sockets: a mail server, Twilio's REST service, a folder."""

import json
import socket
import threading
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest

from ivr.errors import InvalidInput, Unavailable, Undeliverable, Unsure
from ivr.ports import Letter
from ivr.telephony.files import FileSink
from ivr.telephony.mail import Smtp
from ivr.telephony.twilio.rest import TwilioClient
from ivr.telephony.twilio.sms import TwilioSms

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
MAIL = Letter(
    "email", "ada@example.com", "Ihre Rechnung: https://shop.example/1 €", "Rechnung\r\nBcc: x@y", "invoice"
)
SMS = Letter("sms", "+15550101", "Your refund is on its way. 退款", template="refund")


# ---- e-mail


class MailServer:
    """A mail server of a few lines; `answers` replaces what it says to a command, `cut` hangs up at one."""

    def __init__(self, answers=None, cut=""):
        self.answers, self.cut, self.mails = answers or {}, cut, []
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"smtp://127.0.0.1:{self.socket.getsockname()[1]}"
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def _serve(self):
        while True:
            try:
                line, _ = self.socket.accept()
            except OSError:
                return
            with line, line.makefile("rwb") as file:
                self._talk(file)

    def _talk(self, file):
        self._say(file, "220 ready")
        for raw in file:
            command = raw.decode().split()[0].upper()
            if command == self.cut:
                return
            if command == "DATA" and "DATA" not in self.answers:
                self._say(file, "354 go on")
                text = b""
                while not text.endswith(b"\r\n.\r\n"):
                    text += file.readline()
                self.mails.append(text.decode())
                if self.cut == "AFTER":
                    return
                self._say(file, self.answers.get("AFTER", "250 taken"))
                continue
            self._say(file, self.answers.get(command, "250 fine"))
            if command == "QUIT":
                return

    def _say(self, file, answer):
        file.write(answer.encode() + b"\r\n")
        file.flush()

    def close(self):
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()
        self.thread.join()


@contextmanager
def mail_server(**more):
    server = MailServer(**more)
    yield server
    server.close()


def test_an_e_mail_arrives_with_its_own_name_and_no_second_header():
    with mail_server() as server:
        name = Smtp(server.url, "shop@shop.example").send("abc", MAIL)
    (mail,) = server.mails
    assert name == "<abc@shop.example>"
    assert "Message-ID: <abc@shop.example>" in mail
    assert "\r\nBcc:" not in mail
    assert "To: ada@example.com" in mail


@pytest.mark.parametrize(
    ("more", "error"),
    [
        ({"answers": {"RCPT": "550 no such box"}}, Undeliverable),
        ({"answers": {"RCPT": "451 try later"}}, Unavailable),
        ({"answers": {"MAIL": "421 busy"}}, Unavailable),
        ({"answers": {"AFTER": "452 no room"}}, Unavailable),
        ({"answers": {"AFTER": "554 spam"}}, Undeliverable),
        ({"cut": "RCPT"}, Unavailable),
        ({"cut": "AFTER"}, Unsure),
    ],
)
def test_what_a_mail_server_says_is_told_apart(more, error):
    with mail_server(**more) as server, pytest.raises(error):
        Smtp(server.url, "shop@shop.example").send("abc", MAIL)


def test_a_mail_server_that_is_not_there_is_tried_again():
    with mail_server() as server:
        url = server.url
    with pytest.raises(Unavailable):
        Smtp(url, "shop@shop.example").send("abc", MAIL)


def test_an_address_of_a_mail_server_says_what_it_should_be():
    with pytest.raises(InvalidInput, match="IVR_SMTP_URL"):
        Smtp("mail.example", "shop@shop.example")


# ---- SMS


class _Twilio(BaseHTTPRequestHandler):
    def do_POST(self):
        form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        status = self.server.answers.pop(0) if self.server.answers else 201
        if status in (201, "lost"):
            sid = f"SM{len(self.server.kept):032}"
            self.server.kept.append(
                {"sid": sid, "to": form["To"][0], "from": form["From"][0], "body": form["Body"][0]}
            )
        if status == "lost":
            self.connection.close()
            return
        data = {"sid": "SM0"} if status == 201 else {"code": 21211, "message": "no", "status": status}
        self._answer(status, {**data, **(self.server.kept[-1] if status == 201 else {})})

    def do_GET(self):
        wanted = parse_qs(urlsplit(self.path).query)
        known = [one for one in self.server.kept if one["to"] == wanted["To"][0]]
        self._answer(200, {"messages": known, "page": 0, "page_size": 50, "next_page_uri": None})

    def _answer(self, status, data):
        body = json.dumps(data).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *rest):
        pass


@contextmanager
def twilio(*answers):
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Twilio)
    server.answers, server.kept = list(answers), []
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    client = TwilioClient("AC0", "token", f"http://127.0.0.1:{server.server_port}")
    yield server, TwilioSms(client, "+15550000")
    server.shutdown()
    server.server_close()
    thread.join()


def test_an_sms_arrives_with_its_words():
    with twilio() as (server, sms):
        assert sms.send("abc", SMS) == server.kept[0]["sid"]
    assert server.kept[0] | {"sid": ""} == {"sid": "", "to": SMS.to, "from": "+15550000", "body": SMS.text}


@pytest.mark.parametrize(
    ("answer", "error"),
    [(400, Undeliverable), (429, Unavailable), (503, Unavailable), (500, Unsure), ("lost", Unsure)],
)
def test_what_twilio_says_is_told_apart(answer, error):
    with twilio(answer) as (_, sms), pytest.raises(error):
        sms.send("abc", SMS)


def test_what_was_taken_although_the_answer_was_lost_is_found():
    with twilio("lost") as (server, sms):
        with pytest.raises(Unsure):
            sms.send("abc", SMS)
        assert sms.find("abc", SMS, NOW) == server.kept[0]["sid"]
        assert sms.find("abc", Letter("sms", SMS.to, "other words"), NOW) == ""


def test_a_provider_that_is_not_there_has_taken_nothing():
    with twilio() as (_, sms):
        pass
    with pytest.raises(Unavailable):
        sms.send("abc", SMS)
    with pytest.raises(Unavailable):
        sms.find("abc", SMS, NOW)


# ---- files


def test_a_folder_keeps_what_would_have_been_sent(tmp_path):
    sink = FileSink(tmp_path / "out")
    assert sink.find("abc", SMS, NOW) == ""
    assert sink.send("abc", SMS) == sink.send("abc", SMS) == sink.find("abc", SMS, NOW)
    (path,) = (tmp_path / "out").iterdir()
    assert json.loads(path.read_text())["text"] == SMS.text


def test_a_folder_that_cannot_be_written_is_tried_again(tmp_path):
    (tmp_path / "out").write_text("in the way")
    with pytest.raises(Unavailable):
        FileSink(tmp_path / "out").send("abc", SMS)
