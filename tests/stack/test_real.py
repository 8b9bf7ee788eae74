"""Obtaining Apache Kafka and MinIO says what a machine lacks."""

import pytest
from madoguchi_stack import real
from madoguchi_stack.supervisor import StackFailed


def test_a_machine_without_java_and_debian_is_told_what_to_install(monkeypatch, tmp_path):
    monkeypatch.setattr(real, "REAL_FOLDER", tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(StackFailed, match=r"missing: java, mvn\. .* apt-get install default-jre-headless maven"):
        real.obtain()


def test_what_is_there_is_not_obtained_again(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(real, "REAL_FOLDER", tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    real.kafka_folder().mkdir()
    (real.kafka_folder() / "kafka_2.13-4.9.9.jar").touch()
    real.asyncapi_folder().mkdir()
    for binary in (real.minio_binary(), real.go_sample()):
        binary.parent.mkdir()
        binary.touch()
    real.obtain()
    assert f"Apache Kafka 4.9.9 (KRaft), MinIO {real.MINIO_VERSION}: ready" in capsys.readouterr().out
