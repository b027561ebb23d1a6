#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The article's five nodes and four links as somebody who knows mininet writes them.

Less than a lab has: no rulesets, no permanent neighbours. Wants mininet's mnexec, and network and
mount namespaces that nobody else uses. Prints the seconds that it takes, without Python's start.
"""
import time

from mininet.log import setLogLevel
from mininet.net import Mininet

LINKS = [
    ("client", "192.168.1.10/24", "home", "192.168.1.1/24"),
    ("home", "198.51.100.10/24", "internet", "198.51.100.1/24"),
    ("internet", "203.0.113.1/24", "igw", "203.0.113.2/24"),
    ("igw", "172.31.0.1/20", "server", "172.31.0.10/20"),
]
ROUTES = [
    ("client", "default via 192.168.1.1"),
    ("home", "default via 198.51.100.1"),
    ("internet", "203.0.113.10/32 via 203.0.113.2"),
    ("igw", "default via 203.0.113.1"),
    ("server", "default via 172.31.0.1"),
]

setLogLevel("critical")
began = time.monotonic()
net = Mininet(controller=None)
for name in ("client", "home", "internet", "igw", "server"):
    net.addHost(name, ip=None)
for left, left_ip, right, right_ip in LINKS:
    net.addLink(net[left], net[right], params1={"ip": left_ip}, params2={"ip": right_ip})
net.start()
for name, route in ROUTES:
    net[name].cmd("ip route add " + route)
for name in ("home", "internet", "igw"):
    net[name].cmd("echo 1 >/proc/sys/net/ipv4/ip_forward")
print("%.6f" % (time.monotonic() - began), flush=True)
net.stop()
