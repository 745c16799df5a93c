"""Graphics cards: what NVIDIA's program said on other machines, and what the kernel tells of AMD's."""

from pathlib import Path

import pytest

from sysinfo.probes import graphics
from sysinfo.probes.card import Card, Part
from tests.sysinfo.conftest import DATA, PutFiles, PutProgram

NO_DRIVER = (
    "NVIDIA-SMI has failed because it could not communicate with the NVIDIA driver. "
    "Make sure that the latest NVIDIA driver is installed and running."
)
GIB = 1 << 30
MIB = 1 << 20


def test_two_cards_one_of_which_does_not_tell_what_is_used(put_program: PutProgram, tmp_path: Path):
    put_program("nvidia-smi", file=DATA / "nvidia_two.xml")
    found = graphics.probe(tmp_path)
    assert found.cards == (
        Card("NVIDIA", "NVIDIA GeForce RTX 4090", "00000000:01:00.0", 24564 * MIB, GIB),
        Card("NVIDIA", "NVIDIA T400 4GB", "00000000:c1:00.0", 4 * GIB, None),
    )
    assert (found.driver, found.cuda, found.problem) == ("580.95.05", "13.0", "")


def test_card_that_is_split_shows_its_parts(put_program: PutProgram, tmp_path: Path):
    put_program("nvidia-smi", file=DATA / "nvidia_mig.xml")
    [card] = graphics.probe(tmp_path).cards
    assert (card.name, card.is_split, card.memory_bytes, card.used_bytes) == (
        "NVIDIA A100-SXM4-80GB",
        True,
        80 * GIB,
        None,
    )
    assert card.parts == (
        Part("Instance 0", 40448 * MIB, 298 * MIB),
        Part("Instance 1", 19968 * MIB, 12 * MIB),
    )


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        ({"says": NO_DRIVER, "status": 9}, f"nvidia-smi failed: {NO_DRIVER}"),
        ({"says": ""}, "nvidia-smi answered something that cannot be read."),
        ({"says": "No devices were found"}, "nvidia-smi answered something that cannot be read."),
        ({"says": "<html></html>"}, "nvidia-smi answered something that cannot be read."),
        ({"says": "<nvidia_smi_log><gpu>"}, "nvidia-smi answered something that cannot be read."),
        ({"says": "", "status": 6}, "nvidia-smi failed: exit status 6"),
        ({"says": "<nvidia_smi_log><attached_gpus>0</attached_gpus></nvidia_smi_log>"}, ""),
    ],
    ids=["no driver", "nothing", "words", "another document", "cut off", "silent failure", "no cards"],
)
def test_answer_without_cards_is_no_card_and_a_problem(
    put_program: PutProgram, tmp_path: Path, answer: dict, problem: str
):
    put_program("nvidia-smi", **answer)
    found = graphics.probe(tmp_path)
    assert (found.cards, found.problem) == ((), problem)


def test_card_without_any_name_or_size_is_a_card(put_program: PutProgram, tmp_path: Path):
    put_program("nvidia-smi", says='<nvidia_smi_log><gpu id="0"/></nvidia_smi_log>')
    [card] = graphics.probe(tmp_path).cards
    assert card == Card("NVIDIA", "A card that does not tell its name", "0", None, None)


@pytest.mark.usefixtures("no_programs")
def test_machine_without_a_card_has_no_problem(put_files: PutFiles):
    root = put_files(
        {"sys/bus/pci/devices/0000:00:02.0/class": "0x030000", "sys/bus/pci/devices/0000:00:02.0/vendor": "0x1b36"}
    )
    assert graphics.probe(root) == graphics.Graphics(())


@pytest.mark.usefixtures("no_programs")
def test_card_without_its_driver_is_a_problem(put_files: PutFiles):
    root = put_files(
        {"sys/bus/pci/devices/0000:01:00.0/class": "0x030000", "sys/bus/pci/devices/0000:01:00.0/vendor": "0x10de"}
    )
    found = graphics.probe(root)
    assert found.problem == (
        "There is a card by NVIDIA (0000:01:00.0), and its driver does not answer: nvidia-smi is not installed."
    )


@pytest.mark.usefixtures("no_programs")
def test_amd_card_is_told_by_the_kernel_and_one_in_the_processor_is_none(put_files: PutFiles):
    card, chip = "sys/bus/pci/devices/0000:03:00.0", "sys/bus/pci/devices/0000:0d:00.0"
    root = put_files(
        {
            f"{card}/class": "0x030000",
            f"{card}/vendor": "0x1002",
            f"{card}/device": "0x744c",
            f"{card}/mem_info_vram_total": str(24 * GIB),
            f"{card}/mem_info_vram_used": str(GIB),
            f"{chip}/class": "0x038000",
            f"{chip}/vendor": "0x1002",
            "opt/rocm/.info/version": "7.1.0-77\n",
        }
    )
    found = graphics.probe(root)
    assert found.cards == (Card("AMD", "Card 0x744c", "0000:03:00.0", 24 * GIB, GIB),)
    assert found.rocm == "7.1.0-77"
