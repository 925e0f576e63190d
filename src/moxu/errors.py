"""The mistakes moxu tells its users about.

    MoxuError
    ├── SettingsError     an option or configuration value that cannot be used
    ├── CheckpointError   a checkpoint that is missing, damaged or of another shape
    ├── TextError         text, a vocabulary or a data file that cannot be read
    ├── DeviceError       a device that is not there
    └── StoreError        stories that cannot be read, or kept

Each message is one line that names the offending value, what was expected and what to do next. The command line
prints it as it is and ends with exit status 2; nothing else in moxu catches these errors to hide them.
"""


class MoxuError(Exception):
    """A mistake of the user's that moxu can name; the message is one line."""


class SettingsError(MoxuError):
    """An option or a configuration value that cannot be used."""


class CheckpointError(MoxuError):
    """A checkpoint that is missing, damaged, unsafe or of another shape than its configuration says."""


class TextError(MoxuError):
    """Text, a vocabulary or a data file that cannot be read."""


class DeviceError(MoxuError):
    """A device that was asked for and is not there."""


class StoreError(MoxuError):
    """Stories that cannot be read or kept: no database, a damaged, locked or full one, or nothing of that number."""
