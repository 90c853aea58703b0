"""A few looks at an app on a host."""

from __future__ import annotations

import dataclasses
import re

from ansible_collections.pyhost.flask.molecule.shared.host import Host, Result


@dataclasses.dataclass(frozen=True)
class App:
    """An app on ``host``, as its folder shows it."""

    host: Host
    name: str

    @property
    def release(self) -> str:
        """The ID of the current release."""
        target = self.host.check_output("readlink /srv/%s/current", self.name)
        return target.rstrip("/").rpartition("/")[2]

    @property
    def slot(self) -> str:
        """The slot with the traffic."""
        socket = self.host.check_output("readlink /srv/%s/live.sock", self.name)
        found = re.fullmatch(rf"/run/{self.name}/(blue|green)/gunicorn\.sock", socket)
        assert found, f"live.sock leads to {socket}"
        return found[1]

    @property
    def unit(self) -> str:
        """The unit of the live slot."""
        return f"flask-{self.name}@{self.slot}.service"

    def running(self) -> list[str]:
        """The slots that run."""
        units = {slot: f"flask-{self.name}@{slot}.service" for slot in ("blue", "green")}
        return [slot for slot, unit in units.items() if self.host.service(unit).is_running]

    def state_of_idle_slot(self) -> str:
        """What systemd says of the slot without the traffic; it is to be left alone."""
        idle = "green" if self.slot == "blue" else "blue"
        unit = f"flask-{self.name}@{idle}.service"
        return self.host.check_output("systemctl show --value -p ActiveState %s", unit)

    def tries(self, command: str) -> Result:
        """Run a command line as the app's user."""
        return self.host.run("runuser -u %s -- sh -c %s", self.name, command)
