"""The sandbox of a drill: restored data is read and started here, and nowhere else.

One sandbox per drill, one room per service. Each command of a room is a bubblewrap of its own
that sees /usr, a made-up /etc and the room's three directories (/restored, /dumps, /scratch), has
no network and a real uid that is not root. Limits on memory, processes and disk hold for the whole
sandbox; what holds them is named. `destroy` ends all of it and proves it; what a killed parent
left behind is found by `sweep`.
"""

from restore_drills.sandbox.holdings import LASTING, lasting_under
from restore_drills.sandbox.limits import Limits
from restore_drills.sandbox.room import Room
from restore_drills.sandbox.sandbox import Sandbox
from restore_drills.sandbox.teardown import remove, sweep

__all__ = ["LASTING", "Limits", "Room", "Sandbox", "lasting_under", "remove", "sweep"]
