# SPDX-License-Identifier: MIT
#
# tests/interop/l2tp.awk - what one side's L2TP and LCP are made of.
#
# Reads `tshark -O l2tp,ppp,lcp` of decrypted ESP and writes "MESSAGE<tab>FIELD<tab>VALUE" for the
# first of each message: AVPs in order with their values, those without the M bit in brackets, and
# the options of LCP. Magic numbers, which are drawn anew, are left out.

function put(field, value) {
	print message "\t" field "\t" value
}

function flush() {
	if (avp != "")
		avps = avps (avps == "" ? "" : ", ") (mandatory ? avp : "[" avp "]")
	if (message in wanted && !(message in seen)) {
		seen[message] = 1
		if (kind == "control") {
			put("length", length_)
			put("AVPs", avps)
		} else {
			put("L2TP header", flags)
			put("options", options == "" ? "none" : options)
			if (data != "")
				put("data", data)
		}
	}
	avp = avps = message = kind = options = data = flags = ""
}

# Both ask for a password; what is said of it is ppp_auth.h's.
BEGIN {
	split("L2TP Start_Control_Reply,L2TP Incoming_Call_Reply,LCP Configuration Request," \
		"LCP Configuration Reject,LCP Configuration Ack,LCP Echo Request", w, ",")
	for (i in w)
		wanted[w[i]] = 1
}

/^Layer 2 Tunneling Protocol/ { flush() }
/^    Flags: 0x/ { flags = substr($2, 1, 6) }
/^    Length: / { length_ = $2 }
/^    .* AVP$/ {
	if (avp != "")
		avps = avps (avps == "" ? "" : ", ") (mandatory ? avp : "[" avp "]")
	avp = $0
	gsub(/^ +| AVP$/, "", avp)
}
/= Mandatory: / { mandatory = $NF == "True" }
/^        Message Type: / {
	kind = "control"
	message = "L2TP " $3
	avp = $3
}
/^        (Version|Revision|Host Name|Vendor Name|Assigned (Tunnel|Session) ID|Receive Window Size|Firmware Revision|.*Result [Cc]ode): / {
	value = $0
	sub(/^[^:]*: /, "", value)
	avp = avp " " value
}
/^        .*Supported: / { avp = avp " " ($NF == "True" ? "yes" : "no") }
/^    Code: / {
	kind = "lcp"
	code = $0
	sub(/^ *Code: /, "", code)
	sub(/ \(.*/, "", code)
	message = "LCP " code
}
/^    Options: / {
	options = $0
	sub(/^.*bytes\), /, "", options)
}
/^    Data: / { data = $2 }
/^        Authentication Protocol: / {
	protocol = $0
	sub(/^.*\(/, "", protocol)
	sub(/\)$/, "", protocol)
	sub(/Authentication Protocol/, "Authentication Protocol " protocol, options)
}
END { flush() }
