"""Without a browser the browser tests are skipped, but never where every check has to be made."""

import pytest

from tests.browser import chromium


def test_a_missing_browser_is_a_failure_in_continuous_integration_only(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("CI", "true")
    assert chromium.must_be_there()
    monkeypatch.delenv("CI")
    assert not chromium.must_be_there()


def test_a_browser_is_looked_for_on_the_path(monkeypatch: pytest.MonkeyPatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert chromium.find_chromium() is None
    program = tmp_path / "chromium"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    assert chromium.find_chromium() == str(program)
