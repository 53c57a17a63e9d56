# labels_aws_test.py - labels where AWS has a part in it: Rekognition, S3, and what sends events.
#
# usage: labels_aws_test.py BUILDDIR SRCDIR
# AWS is aws_server.py, which answers what a test wants and checks every signature. SNS signs with a
# key of the test's own, under a certificate from its own address, which a proxy leads here. With
# moto_server, where that is installed, an upload goes all the way from S3 to its labels.
import base64
import contextlib
import http.client
import json
import os
import shutil
import ssl
import subprocess
import sys
import tempfile
import time
import urllib.parse

import cases
import fastcgi
from aws_server import KEY, KEYS, TOKEN, Server, answer, aws, fault, stall, xml_fault
from cases import Skip, equal, true
from labels_calls import CGI, IMAGE, cgi, environment, get_models, invoke, multipart, read_sample
from serving import free_port, wait_until

BUILD, SOURCE = (os.path.abspath(path) for path in cases.directories())
LABELS = {"Labels": [{"Name": "Cup", "Confidence": 99.5, "Instances": [], "Parents": []}],
          "LabelModelVersion": "3.0"}
HTTP = {"LABELS_BUCKETS": "photos, other"}
TOPIC = "arn:aws:sns:eu-west-1:123456789012:uploads"
MEBIBYTE = 1 << 20


def picture():
    """A photo of a cat."""
    return read_sample(SOURCE, "cat.jpg")


def need_models():
    """Where there is no local engine the case is skipped."""
    have, why = get_models(BUILD, SOURCE)
    if not have:
        raise Skip(why)


def engine(reply, status=200):
    """Which engine has answered, and the body."""
    equal(reply[0], status, reply[2][:300].decode(errors="replace"))
    return reply[1].get("x-labels-engine"), json.loads(reply[2])


def test_rekognition(_):
    """Rekognition's own answer is handed on, for bytes and for an object"""
    with aws(answer(LABELS), answer(LABELS)) as (server, where):
        where.update(HTTP, LABELS_ENGINE="rekognition", AWS_SESSION_TOKEN=TOKEN)
        equal(engine(cgi(BUILD, picture(), IMAGE, query="max_labels=5&min_confidence=60.5", **where)),
              ("rekognition", LABELS))
        equal(engine(cgi(BUILD, '{"bucket":"photos","key":"a cat+%2F.jpg"}', **where)),
              ("rekognition", LABELS))
        sent, named = server.requests
        equal(sent.json, {"Image": {"Bytes": base64.b64encode(picture()).decode()}, "MaxLabels": 5,
                          "MinConfidence": 60.5})
        equal(named.json, {"Image": {"S3Object": {"Bucket": "photos", "Name": "a cat+%2F.jpg"}},
                           "MinConfidence": 55})
        equal(sent.header("X-Amz-Security-Token"), TOKEN)


def test_rekognition_page(_):
    """A page shows Rekognition's labels too, and escapes what is in them"""
    labels = {"Labels": [{"Name": "<b>Cup</b>", "Confidence": 1e2, "Instances": [
        {"BoundingBox": {"Width": 0.5, "Height": 0.25, "Left": 1e-1, "Top": 0.2}, "Confidence": 9}]},
        {"Name": "Saucer"}], "LabelModelVersion": "3.0\"'<"}
    with aws(answer(labels)) as (_, where):
        status, _, body = cgi(BUILD, picture(), IMAGE, HTTP_ACCEPT="text/html",
                              LABELS_ENGINE="rekognition", **where)
    text = body.decode()
    equal(status, 200)
    true("&lt;b&gt;Cup&lt;/b&gt; and Saucer" in text and "<b>Cup" not in text, "names")
    true('x="0.10000" y="0.20000" width="0.50000" height="0.25000"' in text, "the box")
    true("found by Amazon Rekognition 3.0&quot;&#39;&lt;" in text and "100.0&nbsp;%" in text, "numbers")


def test_wrong_answer_of_rekognition(_):
    """An answer whose lists are none, or whose numbers are beyond all bounds, makes a page all the same"""
    box = {"Width": 1e308, "Height": -1e308, "Left": -1e308, "Top": 1e308}
    far = {"Name": "Cup", "Confidence": 1e308, "Instances": [{"BoundingBox": box}] * 2,
           "Parents": {"\n": {"Name": "X"}}}
    none = answer('{"Labels":{"\\u000aa":1}}')
    inner = answer('{"Labels":[{"Name":"Cup","Instances":{"\\u0061":1}},{"Name":"Hat","Instances":"\\n"}]}')
    with aws(none, inner, answer({"Labels": [far]})) as (_, where):
        where.update(LABELS_ENGINE="rekognition", HTTP_ACCEPT="text/html")
        pages = [cgi(BUILD, picture(), IMAGE, **where) for _ in range(3)]
    equal([status for status, _, _ in pages], [200] * 3)
    texts = [body.decode() for _, _, body in pages]
    true("Nothing it knows" in texts[0] and "Cup and Hat" in texts[1], "titles")
    true('x="-1.00000" y="1.00000" width="2.00000" height="0.00000"' in texts[2], "the box")
    true("100.0&nbsp;%" in texts[2] and "2 of them" in texts[2] and ", X" not in texts[2], "the label")


def test_not_an_object_of_rekognition(_):
    """An object that Rekognition can't read itself is fetched and sent"""
    with aws(fault("InvalidS3ObjectException"), answer(picture()), answer(LABELS)) as (server, where):
        where.update(HTTP, LABELS_ENGINE="rekognition")
        equal(engine(cgi(BUILD, '{"bucket":"photos","key":"cat.jpg"}', **where)),
              ("rekognition", LABELS))
        equal([request.method for request in server.requests], ["POST", "GET", "POST"])
        equal(base64.b64decode(server.requests[2].json["Image"]["Bytes"]), picture())
    with aws(fault("InvalidS3ObjectException"), xml_fault("NoSuchKey")) as (server, where):
        where.update(HTTP, LABELS_ENGINE="rekognition")
        reply = cgi(BUILD, '{"bucket":"photos","key":"cat.jpg"}', **where)
        true("there is no such object" in engine(reply, 422)[1]["detail"], reply[2])


def test_auto(_):
    """With auto Rekognition is asked, and this machine where it's down or there are no credentials"""
    need_models()
    with aws(answer(LABELS)) as (_, where):
        equal(engine(cgi(BUILD, picture(), IMAGE, LABELS_ENGINE="auto", **where))[0], "rekognition")
    with aws(*[fault("InternalServerError", 500)] * 9) as (_, where):
        equal(engine(cgi(BUILD, picture(), IMAGE, LABELS_ENGINE="auto", **where))[0], "local")
    with aws(fault("InvalidImageFormatException")) as (_, where):
        equal(engine(cgi(BUILD, picture(), IMAGE, LABELS_ENGINE="auto", **where), 415)[0],
              "rekognition", "what is wrong with a picture is wrong with it here too")
    with aws() as (server, where):
        large = picture() + bytes(6 * MEBIBYTE)
        equal(engine(cgi(BUILD, large, IMAGE, LABELS_ENGINE="auto", **where))[0], "local",
              "what is too large for Rekognition")
        equal(server.requests, [])
    equal(engine(cgi(BUILD, picture(), IMAGE, LABELS_ENGINE="auto"))[0], "local", "no credentials")
    with aws(fault("AccessDeniedException")) as (_, where):
        reply = cgi(BUILD, picture(), IMAGE, LABELS_ENGINE="auto", LABELS_MODELS="/nonexistent", **where)
        true("AccessDenied" in engine(reply, 502)[1]["detail"], "without models it's Rekognition's word")


def test_shunned(folder):
    """Once Rekognition was down it isn't asked again for a while"""
    need_models()
    with aws(*[fault("ServiceUnavailable", 503)] * 9) as (server, where):
        address = f"unix:{folder}/shunned.sock"
        program = fastcgi.Program(folder, os.path.join(BUILD, "labels"), ["--listen", address],
                                  environment=environment(**where, LABELS_ENGINE="auto"))
        with program:
            fastcgi.wait_until(lambda: fastcgi.accepts(address), 10, "it doesn't listen")
            for _ in range(3):
                values = {**CGI, "REQUEST_METHOD": "POST", "CONTENT_TYPE": IMAGE,
                          "CONTENT_LENGTH": str(len(picture()))}
                reply = fastcgi.ask(address, fastcgi.request(values, picture()), 30)
                equal((reply.status, reply.headers["x-labels-engine"]), (200, "local"))
        true(0 < len(server.requests) <= 3, f"{len(server.requests)} requests for three pictures")


def test_deadline(_):
    """Where Rekognition says nothing there is still an answer in time"""
    with aws(stall, stall, stall) as (_, where):
        event = {"image": base64.b64encode(picture()).decode()}
        started = time.monotonic()
        said = invoke(BUILD, event, LABELS_ENGINE="rekognition", **where)
        equal(said["statusCode"], 504, said["body"])
        true(time.monotonic() - started < 31, "it's later than the deadline")


def test_local_object(_):
    """The local engine reads an object from S3, and says what is wrong with it"""
    need_models()
    event = {"bucket": "photos", "key": "a cat.jpg"}
    with aws(answer(picture()), xml_fault("NoSuchKey"), answer(b""), answer(b"no picture")) as (server, where):
        said = invoke(BUILD, event, **where)
        equal(said["statusCode"], 200, said["body"])
        equal(server.requests[0].target, "/photos/a%20cat.jpg", "the path")
        for words in ("no such object", "0 bytes", "JPEG"):
            said = invoke(BUILD, event, **where)
            true(said["statusCode"] in (415, 422) and words in said["body"], said["body"])


def record(key, bucket="photos", **more):
    """A record of S3, as S3 writes it."""
    return {"eventVersion": "2.1", "eventSource": "aws:s3", "awsRegion": "eu-west-1",
            "eventName": "ObjectCreated:Put", "s3": {"bucket": {"name": bucket}, "object": {
                "key": urllib.parse.quote_plus(key), **more}}}


def test_records(_):
    """Each record is labelled and has its own result, or its own error"""
    script = [answer(LABELS), fault("InvalidS3ObjectException"), xml_fault("NoSuchKey"), answer(LABELS)]
    event = {"Records": [record("a b+ä.jpg"), record("gone.jpg"), record("c.jpg", versionId="v2")]}
    with aws(*script) as (server, where):
        said = invoke(BUILD, event, LABELS_ENGINE="rekognition", **where)
    results = json.loads(said["body"])["Results"]
    equal(results[0], {"Bucket": "photos", "Key": "a b+ä.jpg", "Engine": "rekognition", **LABELS})
    equal((results[1]["Key"], results[1]["Error"]["status"]), ("gone.jpg", 422))
    equal((results[2]["VersionId"], results[2]["Labels"]), ("v2", LABELS["Labels"]))
    equal((said["statusCode"], len(results)), (422, 3), "an event of AWS with a failure is one")
    equal(server.requests[0].json["Image"]["S3Object"]["Name"], "a b+ä.jpg", "the key")
    equal(server.requests[-1].json["Image"]["S3Object"]["Version"], "v2")
    with aws(answer(LABELS)) as (_, where):
        said = invoke(BUILD, {"Records": [record("a.jpg")]}, LABELS_ENGINE="rekognition", **where)
    equal((said["statusCode"], said["headers"]["X-Labels-Engine"]), (200, "rekognition"))


def test_notification(_):
    """EventBridge's key is taken as it stands"""
    event = {"version": "0", "detail-type": "Object Created", "source": "aws.s3", "region": "eu-west-1",
             "detail": {"bucket": {"name": "photos"}, "object": {"key": "a+b%2F.jpg"}}}
    with aws(answer(LABELS)) as (server, where):
        said = invoke(BUILD, event, LABELS_ENGINE="rekognition", **where)
        equal(json.loads(said["body"])["Results"][0]["Key"], "a+b%2F.jpg")
        equal(server.requests[0].json["Image"]["S3Object"]["Name"], "a+b%2F.jpg")


def test_wrapped(_):
    """S3's event comes through SNS and SQS as well, a message at a time"""
    inner = json.dumps({"Records": [record("a.jpg")]})
    topic = {"Records": [{"EventSource": "aws:sns", "Sns": {"Message": inner}}]}
    with aws(answer(LABELS)) as (_, where):
        said = invoke(BUILD, topic, LABELS_ENGINE="rekognition", **where)
        equal(json.loads(said["body"])["Results"][0]["Labels"], LABELS["Labels"])
    envelope = json.dumps({"Type": "Notification", "TopicArn": TOPIC, "Message": inner})
    test = json.dumps({"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "photos"})
    bodies = [inner, envelope, '{"bucket":"photos","key":"b.jpg"}', inner, test]
    queue = {"Records": [{"messageId": str(i), "eventSource": "aws:sqs", "body": body,
                          "eventSourceARN": "arn:aws:sqs:x:1:q"} for i, body in enumerate(bodies)]}
    script = [answer(LABELS), answer(LABELS), *[fault("InternalServerError", 500)] * 3, answer(LABELS)]
    with aws(*script) as (_, where):
        said = invoke(BUILD, queue, LABELS_ENGINE="rekognition", **where)
    equal(said, {"batchItemFailures": [{"itemIdentifier": "2"}]}, "only the one that failed comes again")


def test_webhook(_):
    """MinIO's webhook takes the token, is probed by HEAD, and hears of what may succeed later"""
    event = json.dumps({"EventName": "s3:ObjectCreated:Put", "Key": "photos/a b.jpg", "Records": [
        {**record("a b.jpg"), "eventSource": "minio:s3", "eventName": "s3:ObjectCreated:Put"}]})
    guarded = {**HTTP, "LABELS_TOKEN": "s3cret-token", "LABELS_ENGINE": "rekognition"}
    right = {"HTTP_AUTHORIZATION": "Bearer s3cret-token"}
    equal(cgi(BUILD, method="HEAD", **guarded)[0], 200, "the probe")
    for wrong in ({}, {"HTTP_AUTHORIZATION": "Bearer s3cret-toke"},
                  {"HTTP_AUTHORIZATION": "Bearer s3cret-tokenn"}, {"HTTP_AUTHORIZATION": "s3cret-token"},
                  {"HTTP_AUTHORIZATION": "Bearer "}, {"HTTP_AUTHORIZATION": "Basic s3cret-token"}):
        for body in (event, '{"bucket":"photos","key":"a"}'):
            status, headers, _ = cgi(BUILD, body, **guarded, **wrong)
            equal((status, headers.get("www-authenticate")), (401, "Bearer"), str(wrong))
    with aws(answer(LABELS), *[fault("InternalServerError", 500)] * 3,
             fault("InvalidS3ObjectException"), xml_fault("NoSuchKey")) as (_, where):
        where.update(guarded)
        result = engine(cgi(BUILD, event, **where, **right))[1]["Results"][0]
        equal((result["Key"], result["Labels"]), ("a b.jpg", LABELS["Labels"]))
        problem = engine(cgi(BUILD, event, **where, **right), 502)[1]
        equal(problem["Results"][0]["Error"]["status"], 502, "it's to be sent again")
        result = engine(cgi(BUILD, event, **where, **right))[1]["Results"][0]
        equal(result["Error"]["status"], 422, "that would fail again")
    other = json.dumps({"Records": [record("a", "secret")]})
    result = engine(cgi(BUILD, other, **guarded, **right))[1]["Results"][0]
    true("LABELS_BUCKETS" in result["Error"]["detail"], f"{result}")
    everything = {**guarded, "LABELS_BUCKETS": "*"}
    with aws(answer(LABELS)) as (_, where):
        equal(engine(cgi(BUILD, other, **where, **everything, **right))[0], "rekognition")


def test_wrong_region(_):
    """A region that is no name is its own record's fault, and the other records are labelled"""
    wrong = ["us_east", "my region", "-", "eu-west-1.example.com", "x" * 300]
    event = json.dumps({"Records": [{**record(name), "awsRegion": name} for name in wrong] + [record("b")]})
    with aws(answer(LABELS)) as (server, where):
        reply = cgi(BUILD, event, **where, **HTTP, LABELS_ENGINE="rekognition")
        equal(len(server.requests), 1)
    *refused, good = engine(reply)[1]["Results"]
    equal([result["Error"]["status"] for result in refused], [422] * len(wrong))
    true(all("region" in result["Error"]["detail"] for result in refused), f"{refused}")
    equal(good["Labels"], LABELS["Labels"])


def test_picture_needs_no_token(_):
    """The token guards objects, not pictures that are sent along"""
    with aws(answer(LABELS)) as (_, where):
        equal(engine(cgi(BUILD, picture(), IMAGE, LABELS_TOKEN="x", LABELS_ENGINE="rekognition",
                         **where))[0], "rekognition")


def test_many_records(_):
    """An event of a thousand objects is answered; one of more is refused"""
    gone = {"Records": [{**record("a"), "eventName": "ObjectRemoved:Delete"}] * 1000}
    said = invoke(BUILD, gone)
    equal((said["statusCode"], len(json.loads(said["body"])["Results"])), (200, 1000))
    gone["Records"].append(record("b"))
    said = invoke(BUILD, gone)
    true(said["statusCode"] == 422 and "at most 1000" in said["body"], said["body"][:200])


def timestamp(seconds):
    """So many seconds from now as SNS writes it."""
    return time.strftime("%Y-%m-%dT%H:%M:%S.123Z", time.gmtime(time.time() + seconds))


class Sns:
    """SNS: a key and its certificate at an address of SNS's own, behind a proxy that leads here."""

    def __init__(self, folder):
        if not shutil.which("openssl"):
            raise Skip("openssl isn't installed")
        self.folder = tempfile.mkdtemp(dir=folder)
        self.openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "sns.key", "-out",
                     "sns.pem", "-subj", "/CN=sns.amazonaws.com", "-days", "2")
        self.openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "tls.key", "-out",
                     "tls.pem", "-subj", "/CN=tls", "-days", "2", "-addext",
                     "subjectAltName=DNS:sns.eu-west-1.amazonaws.com")
        self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.tls.load_cert_chain(self.path("tls.pem"), self.path("tls.key"))

    def openssl(self, *words, data=None):
        return subprocess.run(["openssl", *words], cwd=self.folder, check=True, input=data,
                              capture_output=True).stdout

    def path(self, name):
        return os.path.join(self.folder, name)

    @contextlib.contextmanager
    def served(self, *script):
        """(the server that plays SNS, the variables that lead to it)."""
        server = Server(script, None, self.tls, proxy=True)
        try:
            yield server, {"HTTPS_PROXY": server.address, "https_proxy": server.address,
                           "AWS_CA_BUNDLE": self.path("tls.pem"), "LABELS_SNS_TOPICS": "x, " + TOPIC}
        finally:
            server.close()

    @property
    def certificate(self):
        with open(self.path("sns.pem"), "rb") as file:
            return answer(file.read())

    def message(self, kind, version="1", **more):
        """A signed message."""
        message = {"Type": kind, "MessageId": "165545c9-2a5c-472c-8df2-7ff2be2b3b1b", "TopicArn": TOPIC,
                   "Timestamp": timestamp(0), "SignatureVersion": version,
                   "SigningCertURL": "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-1.pem",
                   **more}
        names = sorted(set(message) - {"SignatureVersion", "SigningCertURL", "UnsubscribeURL"})
        signed = "".join(f"{name}\n{message[name]}\n" for name in names)
        digest = {"1": "-sha1", "2": "-sha256"}[version]
        signature = self.openssl("dgst", digest, "-sign", "sns.key", data=signed.encode())
        return {**message, "Signature": base64.b64encode(signature).decode()}


def deliver(message, kind=None, **variables):
    """What labels answers to a message as SNS posts it."""
    return cgi(BUILD, json.dumps(message), "text/plain; charset=UTF-8",
               HTTP_X_AMZ_SNS_MESSAGE_TYPE=kind or message["Type"], **variables)


def test_subscription(folder):
    """A subscription of a topic that is wanted is confirmed, and no other"""
    sns = Sns(folder)
    url = "https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription&TopicArn=x&Token=y"
    confirmation = sns.message("SubscriptionConfirmation", Message="You have chosen", Token="y",
                               SubscribeURL=url)
    with sns.served(sns.certificate, answer("<ok/>")) as (server, where):
        equal(engine(deliver(confirmation, **where)), (None, {"Results": []}))
        equal([request.target for request in server.requests if request.method == "GET"],
              ["/SimpleNotificationService-1.pem", "/?Action=ConfirmSubscription&TopicArn=x&Token=y"])
    with sns.served(sns.certificate, answer("no", 403)) as (_, where):
        engine(deliver(confirmation, **where), 502)
    with sns.served() as (server, where):
        where["LABELS_SNS_TOPICS"] = TOPIC + "2"
        engine(deliver(confirmation, **where), 422)
        equal(server.requests, [], "nobody is asked about a topic that isn't wanted")
    for elsewhere in ("https://example.com/", "http://sns.eu-west-1.amazonaws.com/", "",
                      "https://sns.eu-west-1.amazonaws.com.example.com/", "https://a@sns.eu-west-1.amazonaws.com/",
                      "https://sns.eu-west-1.amazonaws.com:444/", "https://sns.amazonaws.com.evil/x",
                      "https://sns.x/.amazonaws.com/", "https://sns.eu-west-1.amazonaws.com\\@example.com/",
                      "https://169.254.169.254/latest/"):
        message = sns.message("SubscriptionConfirmation", Message="a", Token="y", SubscribeURL=elsewhere)
        with sns.served(sns.certificate) as (server, where):
            true("SubscribeURL" in engine(deliver(message, **where), 422)[1]["detail"], elsewhere)
            equal([r.target for r in server.requests if r.method == "GET"],
                  ["/SimpleNotificationService-1.pem"], elsewhere)
        message = {**confirmation, "SigningCertURL": elsewhere + "x.pem"}
        with sns.served() as (server, where):
            true("SigningCertURL" in engine(deliver(message, **where), 422)[1]["detail"], elsewhere)
            equal(server.requests, [], elsewhere)


def test_notification_of_sns(folder):
    """A signed message's objects are labelled; one that was changed, or is another's, isn't"""
    sns, text = Sns(folder), json.dumps({"Records": [record("a b.jpg")]})
    allowed = {**HTTP, "LABELS_ENGINE": "rekognition", "LABELS_TOKEN": "which SNS can't send"}
    for version in ("1", "2"):
        for more in ({}, {"Subject": "Amazon S3 Notification"}):
            message = sns.message("Notification", version, Message=text, **more)
            message["UnsubscribeURL"] = "https://sns.eu-west-1.amazonaws.com/?Action=Unsubscribe"
            with sns.served(sns.certificate) as (_, where), aws(answer(LABELS)) as (_, asked):
                asked.update(allowed, no_proxy="127.0.0.1", AWS_CA_BUNDLE=where["AWS_CA_BUNDLE"])
                result = engine(deliver(message, **{**where, **asked}))[1]["Results"][0]
                equal((result["Key"], result["Labels"]), ("a b.jpg", LABELS["Labels"]))
    for change in ({"Message": text + " "}, {"Subject": "x"}, {"TopicArn": "x"}, {"MessageId": "1"},
                   {"Signature": "AAAA"}, {"Signature": "?"}, {"SignatureVersion": "1"},
                   {"SignatureVersion": "3"}, {"Type": "UnsubscribeConfirmation"}, {"Timestamp": ""}):
        message = {**sns.message("Notification", "2", Message=text), **change}
        with sns.served(sns.certificate) as (_, where):
            reply = deliver(message, "Notification", **{**where, **allowed})
            true("signed" in engine(reply, 422)[1]["detail"], f"{change}: {reply[2]}")
    useless = sns.message("Notification", Message="Hello")
    with sns.served(sns.certificate) as (_, where):
        true("isn't an event" in engine(deliver(useless, **where), 422)[1]["detail"], "its text")
    test = sns.message("Notification", Message='{"Service":"Amazon S3","Event":"s3:TestEvent"}')
    with sns.served(sns.certificate) as (_, where):
        equal(engine(deliver(test, **where))[1], {"Results": []})
    with sns.served(answer("no", 404)) as (_, where):
        engine(deliver(test, **where), 502)
    with sns.served(answer("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")) as (_, where):
        engine(deliver(test, **where), 502)
    with sns.served(sns.certificate) as (_, where):
        where.pop("AWS_CA_BUNDLE")
        engine(deliver(test, **where), 502)


def test_old_message_of_sns(folder):
    """A signed message counts for as long as SNS may send it, an hour, and not for ever"""
    sns, test = Sns(folder), '{"Service":"Amazon S3","Event":"s3:TestEvent"}'
    for when, status in ((-3590, 200), (240, 200), (-3960, 422), (-86400 * 400, 422), (360, 422)):
        message = sns.message("Notification", "2", Message=test, Timestamp=timestamp(when))
        with sns.served(sns.certificate) as (_, where):
            said = engine(deliver(message, **where), status)[1]
            true(status == 200 or "older than an hour" in said["detail"], f"{when}: {said}")
    for wrong in "yesterday", "", "2026-11-28":
        message = sns.message("Notification", "2", Message=test, Timestamp=wrong)
        with sns.served(sns.certificate) as (_, where):
            engine(deliver(message, **where), 422)
    again = sns.message("SubscriptionConfirmation", Message="a", Token="y", Timestamp=timestamp(-7200),
                        SubscribeURL="https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription")
    with sns.served(sns.certificate) as (server, where):
        engine(deliver(again, **where), 422)
        true(all("Confirm" not in request.target for request in server.requests), "it was confirmed")


@contextlib.contextmanager
def moto():
    """The port of a moto_server."""
    if not shutil.which("moto_server"):
        raise Skip("moto_server isn't installed")
    port = free_port()
    process = subprocess.Popen(["moto_server", "-H", "127.0.0.1", "-p", str(port)],
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        def answers():
            with contextlib.suppress(OSError):
                return plain(port, "GET", "/moto-api/").status
            return None
        wait_until(answers, "moto_server doesn't answer", 60)
        yield port
    finally:
        process.terminate()
        process.wait()


def plain(port, method, path, body=None, headers=()):
    """An answer of moto's, whose body is read."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request(method, path, body, dict(headers))
    reply = connection.getresponse()
    reply.data = reply.read()
    connection.close()
    return reply


def test_moto(_):
    """An upload to S3 becomes an event in a queue, and the event labels (moto_server)"""
    need_models()
    with moto() as port:
        where = {**KEYS, "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}"}
        sqs = {"Content-Type": "application/x-amz-json-1.0", "Authorization":
               f"AWS4-HMAC-SHA256 Credential={KEY}/20261124/eu-west-1/sqs/aws4_request, SignedHeaders=host, Signature=0"}

        def ask_queue(action, **fields):
            said = plain(port, "POST", "/", json.dumps(fields), {**sqs, "X-Amz-Target": f"AmazonSQS.{action}"})
            equal(said.status, 200, said.data)
            return json.loads(said.data)
        url = ask_queue("CreateQueue", QueueName="uploads")["QueueUrl"]
        location = b'<CreateBucketConfiguration><LocationConstraint>eu-west-1</LocationConstraint></CreateBucketConfiguration>'
        s3 = {"Authorization": sqs["Authorization"].replace("/sqs/", "/s3/")}
        equal(plain(port, "PUT", "/photos", location, s3).status, 200)
        arn = "arn:aws:sqs:eu-west-1:123456789012:uploads"
        wish = ("<NotificationConfiguration><QueueConfiguration><Queue>" + arn + "</Queue><Event>s3:ObjectCreated:*"
                "</Event></QueueConfiguration></NotificationConfiguration>")
        equal(plain(port, "PUT", "/photos?notification", wish.encode(), s3).status, 200)
        equal(plain(port, "PUT", "/photos/new/my%20cat.jpg", picture(), s3).status, 200)
        bodies = []
        for _ in range(5):
            bodies += [message["Body"] for message in
                       ask_queue("ReceiveMessage", QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])]
        queue = {"Records": [{"messageId": str(i), "eventSource": "aws:sqs", "body": body,
                              "eventSourceARN": arn} for i, body in enumerate(bodies)]}
        true(any("my+cat" in body or "my%20cat" in body or "my cat" in body for body in bodies), f"{bodies}")
        equal(invoke(BUILD, queue, **where), {"batchItemFailures": []}, "the queue's event")
        upload = next(json.loads(body) for body in bodies if "Records" in json.loads(body))
        said = invoke(BUILD, upload, **where)
        result = json.loads(said["body"])["Results"][0]
        equal((said["statusCode"], result["Key"]), (200, "new/my cat.jpg"), said["body"])
        true("Cat" in [label["Name"] for label in result["Labels"]], "its labels")
        equal(plain(port, "PUT", "/photos/new/a/b%2Bc.jpg", read_sample(SOURCE, "coffee.jpg"), s3).status, 200)
        consume_upload(url, "new/a/b+c.jpg", "Cup", **where)


def consume_upload(url, key, label, **where):
    """What dime consume makes of all that is in the queue: the last is this upload, and has this label."""
    done = subprocess.Popen([os.path.join(BUILD, "dime"), "consume", "--queue", url, "--function", "labels",
                             "--answers", "-"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                            env=environment(**where))
    results = []
    try:
        while not any(result.get("Key") == key for result in results):
            line = done.stdout.readline()
            true(line, "it has ended")
            results += json.loads(json.loads(line)["body"]).get("Results", [])
    finally:
        done.terminate()
        equal(done.wait(30), 0, "the exit status")
    true(label in [each["Name"] for each in results[-1]["Labels"]], f"{results[-1]}")


def main():
    """Runs the cases with a folder."""
    with tempfile.TemporaryDirectory(prefix="dime") as folder:
        return cases.run(cases.collect(globals()), folder)


if __name__ == "__main__":
    sys.exit(main())
