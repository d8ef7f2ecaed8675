"""A mail server that does what the tests tell it to.

usage: server.py FOLDER PORT TLS   (TLS: starttls, wrapped or none; FOLDER has cert.pem and key.pem)

FOLDER/rules.json is read again whenever it changes, a list of
    {"at": "CONNECT|EHLO|MAIL|RCPT|DATA|END|RSET", "to": "part of the recipient", "answer": "450 4.2.0 later",
     "times": 2, "delay": 30, "hang_up": true, "lose": true}
The first rule that fits is used: first the delay, then hanging up or the answer. END is after the whole letter; it is
kept in FOLDER/received as one file with its envelope beside it, unless the answer is a refusal or it is to be lost.
FOLDER/events has a line for every command. {"at": "STARTTLS", "inject": ".."} puts words behind the answer to it.
"""

import asyncio
import json
import os
import ssl
import sys
import time

from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

FOLDER, PORT, TLS = sys.argv[1], int(sys.argv[2]), sys.argv[3]
USER, PASSWORD = b"vestibule", b"p\xc3\xa9age-7"


class Rules:
    def __init__(self):
        self.text, self.rules = None, []

    def take(self, verb, recipient):
        try:
            with open(os.path.join(FOLDER, "rules.json"), encoding="utf-8") as file:
                text = file.read()
        except FileNotFoundError:
            text = "[]"
        if text != self.text:
            self.text, self.rules = text, json.loads(text)
        for rule in self.rules:
            if rule["at"] != verb or rule.get("to", "") not in (recipient or ""):
                continue
            if rule.get("times", 1) <= 0:
                continue
            if "times" in rule:
                rule["times"] -= 1
            return rule
        return None


RULES = Rules()
COUNTS = {"session": 0, "letter": 0}


class Server(SMTP):
    number = None

    def __init__(self, *args, **more):
        super().__init__(*args, **more)
        COUNTS["session"] += 1
        self.number = COUNTS["session"]
        self.greeted = False
        self.recipient = None

    def note(self, verb, **more):
        session = self.session
        event = {
            "at": time.time(),
            "session": self.number,
            "verb": verb,
            "tls": bool(session and session.ssl) or TLS == "wrapped",
            "user": bool(session and session.authenticated),
            **more,
        }
        with open(os.path.join(FOLDER, "events"), "a", encoding="utf-8") as file:
            file.write(json.dumps(event) + "\n")

    async def rule(self, verb):
        """None: go on as usual; otherwise the answer has been given, or the line cut."""
        self.note(verb, to=self.recipient)
        rule = RULES.take(verb, self.recipient)
        if rule is None:
            return False
        await asyncio.sleep(rule.get("delay", 0))
        if rule.get("hang_up"):
            self.transport.abort()
            return True
        if "answer" in rule:
            await self.push(rule["answer"])
            if rule["answer"].startswith("421"):
                self.transport.close()
            return True
        return False

    async def _handle_client(self):
        if not self.greeted:
            self.greeted = True
            if await self.rule("CONNECT"):
                return
        await super()._handle_client()

    async def smtp_EHLO(self, hostname):
        if not await self.rule("EHLO"):
            await super().smtp_EHLO(hostname)

    async def smtp_STARTTLS(self, arg):
        rule = RULES.take("STARTTLS", None) or {}
        if "inject" in rule:
            # As somebody on the way would, who cannot speak TLS in the server's name.
            push = self.push

            async def once(status):
                self.push = push
                await push(status + "\r\n" + rule["inject"])

            self.push = once
        await super().smtp_STARTTLS(arg)

    async def smtp_MAIL(self, arg):
        self.recipient = None
        if not await self.rule("MAIL"):
            await super().smtp_MAIL(arg)

    async def smtp_RCPT(self, arg):
        self.recipient = (arg or "").partition("<")[2].partition(">")[0]
        if not await self.rule("RCPT"):
            await super().smtp_RCPT(arg)

    async def smtp_RSET(self, arg):
        self.recipient = None
        if not await self.rule("RSET"):
            await super().smtp_RSET(arg)

    async def smtp_DATA(self, arg):
        if not await self.rule("DATA"):
            await super().smtp_DATA(arg)


class Handler:
    async def handle_DATA(self, server, session, envelope):
        server.note("END", to=server.recipient)
        rule = RULES.take("END", server.recipient) or {}
        await asyncio.sleep(0 if rule.get("keep_first") else rule.get("delay", 0))
        answer = rule.get("answer", "250 2.0.0 taken")
        if answer.startswith("2") and not rule.get("lose"):
            self.keep(server, session, envelope)
        if rule.get("keep_first"):
            await asyncio.sleep(rule.get("delay", 0))
        if rule.get("hang_up"):
            server.transport.abort()
        return answer

    @staticmethod
    def keep(server, session, envelope):
        COUNTS["letter"] += 1
        path = os.path.join(FOLDER, "received", f"{COUNTS['letter']:06}")
        about = {
            "from": envelope.mail_from,
            "to": envelope.rcpt_tos,
            "tls": bool(session.ssl) or TLS == "wrapped",
            "user": bool(session.authenticated),
            "session": server.number,
            "at": time.time(),
        }
        with open(path + ".eml", "wb") as file:
            file.write(envelope.original_content)
        with open(path + ".part", "w", encoding="utf-8") as file:
            json.dump(about, file)
        # Renamed last: who sees the envelope finds the whole letter.
        os.rename(path + ".part", path + ".json")


def authenticate(server, session, envelope, mechanism, data):
    good = isinstance(data, LoginPassword) and (data.login, data.password) == (USER, PASSWORD)
    return AuthResult(success=good, handled=False)


async def main():
    os.makedirs(os.path.join(FOLDER, "received"), exist_ok=True)
    context = None
    if TLS != "none":
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(os.path.join(FOLDER, "cert.pem"), os.path.join(FOLDER, "key.pem"))
    secure = {"starttls": {"tls_context": context, "require_starttls": True}, "wrapped": {"auth_require_tls": False}}
    options = {"authenticator": authenticate, "auth_required": True, **secure.get(TLS, {})}
    if TLS == "none":
        options = {}

    def new():
        return Server(Handler(), hostname="mx.test", enable_SMTPUTF8=False, timeout=600, **options)

    wrapped = context if TLS == "wrapped" else None
    server = await asyncio.get_running_loop().create_server(new, "127.0.0.1", PORT, ssl=wrapped)
    await server.serve_forever()


asyncio.run(main())
