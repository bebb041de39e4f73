"""Files in and out."""

from __future__ import annotations

import errno

from tests.integration.api.following import done, graph, submit


def upload(client, content: bytes, name: str = "note.txt", media_type: str = "text/plain"):
    return client.post("/v1/artifacts", files={"file": (name, content, media_type)})


def test_the_bytes_come_back_as_an_attachment_that_no_browser_runs(client):
    reply = upload(client, b"<script>alert(1)</script>", "pagé.html", "text/html")
    assert reply.status_code == 201
    kept = reply.json()
    assert (kept["media_type"], kept["size"], kept["name"]) == ("text/html", 25, "pagé.html")
    got = client.get(reply.headers["location"])
    assert got.content == b"<script>alert(1)</script>"
    assert got.headers["content-disposition"] == "attachment; filename*=UTF-8''pag%C3%A9.html"
    assert got.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in got.headers["content-security-policy"]


def test_the_same_file_has_the_same_id(client):
    assert upload(client, b"same").json()["id"] == upload(client, b"same").json()["id"]
    assert upload(client, b"same").json()["id"] != upload(client, b"other").json()["id"]


def test_a_media_type_that_is_not_given_is_read_off_the_name(client):
    assert (
        upload(client, b"a,b\n1,2\n", "x.csv", "application/octet-stream").json()["media_type"] == "text/csv"
    )
    assert upload(client, b"?", "x", "application/octet-stream").json()["media_type"] == (
        "application/octet-stream"
    )


def test_a_name_with_folders_keeps_its_last_part(client):
    for name in ("../../etc/passwd", "C:\\Users\\passwd"):
        assert upload(client, name.encode(), name).json()["name"] == "passwd"


def test_an_empty_a_missing_and_an_oversized_file_are_refused(client):
    assert upload(client, b"").status_code == 422
    assert client.post("/v1/artifacts", files={"other": ("a", b"b", "text/plain")}).status_code == 422
    assert client.post("/v1/artifacts", json={}).status_code == 422
    assert client.post(
        "/v1/artifacts", content=b"no boundary", headers={"Content-Type": "multipart/form-data"}
    ).status_code in (400, 422)
    assert upload(client, b"x" * 2_100_000).status_code == 413


def test_an_uploaded_file_is_what_a_run_works_on(client):
    kept = upload(client, b"hello there").json()
    plan = graph({"id": "s", "tool": "shout", "arguments": {"document": {"ref": "inputs.file"}}})
    run = done(client, submit(client, plan=plan, inputs={"file": {"artifact": kept["id"]}})["id"])
    assert run["status"] == "succeeded", run["error"]
    assert run["inputs"]["file"]["media_type"] == "text/plain"
    made = next(output for output in run["result"]["outputs"] if output["artifact"])
    assert client.get(f"/v1/artifacts/{made['artifact']}").content == b"HELLO THERE"
    assert made["media_type"] == "text/plain"


def test_a_full_disk_is_told_as_such_and_nothing_is_kept(client, service, monkeypatch):
    async def full(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device")

    # The service runs in a thread of this process, so that its disk can be filled here.
    monkeypatch.setattr(type(service.services.artifacts), "put_file", full)
    reply = upload(client, b"one too many")
    assert (reply.status_code, reply.json()["code"]) == (507, "storage_full")
