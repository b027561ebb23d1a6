#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The article's five nodes and four links by mininet's own classes, up and away again.

Less than a lab has: no rulesets, no permanent neighbours. Wants root and mininet's mnexec, and a
network namespace to begin in that nobody else uses. Prints the seconds that it takes, without the
start of Python.
"""
import time

from mininet.link import Link
from mininet.log import setLogLevel
from mininet.node import Node

CHAIN = ["client", "home", "internet", "igw", "server"]
NETS = ["192.168.1.%d/24", "198.51.100.%d/24", "203.0.113.%d/24", "172.31.0.%d/20"]
ROUTES = {
    "client": ["default via 192.168.1.1"],
    "home": ["default via 198.51.100.1"],
    "internet": ["203.0.113.10/32 via 203.0.113.2"],
    "igw": ["default via 203.0.113.1"],
    "server": ["default via 172.31.0.1"],
}
# Each link's left and right last byte.
ENDS = [(10, 1), (10, 1), (1, 2), (1, 10)]

setLogLevel("critical")
began = time.monotonic()
nodes = {name: Node(name, inNamespace=True) for name in CHAIN}
for i, net in enumerate(NETS):
    left, right = nodes[CHAIN[i]], nodes[CHAIN[i + 1]]
    link = Link(left, right)
    left.setIP(net % ENDS[i][0], intf=link.intf1)
    right.setIP(net % ENDS[i][1], intf=link.intf2)
for name, routes in ROUTES.items():
    for route in routes:
        nodes[name].cmd("ip route add " + route)
for name in ("home", "internet", "igw"):
    nodes[name].cmd("echo 1 >/proc/sys/net/ipv4/ip_forward")
print("%.6f" % (time.monotonic() - began))
for node in nodes.values():
    node.terminate()
