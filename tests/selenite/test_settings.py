"""The settings in an environment of their own."""

import os
import subprocess
import sys


def test_settings_make_the_data_folder_where_a_secret_key_is_given(tmp_path):
    folder = tmp_path / "new" / "data"
    own = {"SELENITE_DATA_DIR": str(folder), "SELENITE_SECRET_KEY": "given"}

    subprocess.run([sys.executable, "-c", "import selenite.settings"], env=os.environ | own, check=True)

    assert list(folder.iterdir()) == []
