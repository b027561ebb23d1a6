# SPDX-License-Identifier: MIT
#
# tests/interop/messages.awk - what one side's IKE messages are made of.
#
# Reads `tshark -O isakmp` and writes a line "MESSAGE<tab>FIELD<tab>VALUE" for each field of the
# first of each message: length, payloads with their lengths in order, vendor IDs, the transform
# chosen with the encoding of each attribute, IDs, NAT-OA. What differs from run to run (keys,
# nonces, SPIs, hashes) is left out.

function put(field, value) {
	if (value != "")
		print message "\t" field "\t" value
}

# The message that is complete.
function flush() {
	if (exchange != "" && payloads != "" && message == "")
		message = name()
	if (message != "" && !(message in seen)) {
		seen[message] = 1
		put("length", length_)
		put("payloads", payloads)
		put("vendor IDs", vids)
		put("transform", transform)
		put("IDs", ids)
		put("NAT-OA", natoa)
		put("notify", notify)
		if (message ~ /^in clear/)
			put("cookies", cookies())
	}
	exchange = message = payloads = vids = transform = ids = natoa = notify = length_ = top = spi = ""
}

# Main Mode's by their first payload; an encrypted one is 5 of the initiator, 6 of the responder.
function name() {
	if (exchange == 2) {
		if (payloads ~ /^SA/)
			return responder ? "message 2" : "message 1"
		if (payloads ~ /^KE/)
			return responder ? "message 4" : "message 3"
		return responder ? "message 6" : "message 5"
	}
	if (exchange == 32) {
		if (!(msgid in quick))
			quick[msgid] = ++quicks
		if (quick[msgid] > 1)
			return ""
		if (payloads ~ /SA/)
			return responder ? "Quick Mode 2" : "Quick Mode 1"
		return "Quick Mode 3"
	}
	# Others are how things end, which hangs on how far they came.
	return clear ? "in clear" (payloads ~ /^N/ ? ", no proposal" : ", Delete") : ""
}

# Whose cookies stand in the header of what is said in clear; the exchange's are in the SPI, where
# there is one.
function cookies() {
	return (spi == "" ? "unnamed" : substr(spi, 1, 16) == ispi ? "the initiator's" : "another") \
		", " (rspi ~ /^0*$/ ? "zero" : substr(spi, 17) == rspi ? "the responder's" : "another")
}

function add(list, item) {
	return list == "" ? item : list ", " item
}

BEGIN {
	split("1 SA 4 KE 5 ID 8 HASH 10 NONCE 11 N 12 D 13 VID 20 NAT-D 21 NAT-OA 130 NAT-D-02", w)
	for (i = 1; i in w; i += 2)
		short[w[i]] = w[i + 1]
}

/^Internet Security Association/ { flush() }
/^ *Initiator SPI: / { ispi = $NF }
/^ *Responder SPI: / { rspi = $NF }
/^ *(Delete )?SPI: / { spi = $NF }
/^ *Exchange type:/ { exchange = $NF; gsub(/[()]/, "", exchange) }
/^ *Flags: 0x/ { clear = $2 == "0x00" }
/^ *Message ID:/ { msgid = $NF }
/^    Length: / { length_ = $2 }
/^ *Payload: / {
	indent = match($0, /[^ ]/)
	if (top == "")
		top = indent
	if (indent == top) {
		match($0, /\([0-9]+\)/)
		type = substr($0, RSTART + 1, RLENGTH - 2)
		type = type in short ? short[type] : type
		fresh = 1
	}
}
/^ *Payload length:/ && fresh { payloads = add(payloads, type " " $NF); fresh = 0 }
/^ *Vendor ID: [0-9a-f]+$/ { vids = add(vids, $NF) }
/^ *Transform number:/ { transform = add(transform, "number " $NF) }
/^ *I(KE|Psec) Attribute/ {
	line = $0
	sub(/^ *I(KE|Psec) Attribute \(t=/, "", line)
	# "1,l=2): Encryption-Algorithm: AES-CBC" -> "1/2 AES-CBC"
	split(line, part, /,l=|\): /)
	value = part[3]
	sub(/^[^:]*: /, "", value)
	transform = add(transform, part[1] "/" part[2] " " value)
}
/^ *Protocol ID: / && type == "ID" { proto = $3 }
/^ *Port: / && type == "ID" { port = $2 }
# Macs speak L2TP from a port that their system draws.
/^ *Port: / && type == "ID" && $2 + 0 >= 49152 { port = "an ephemeral one" }
/^ *ID_IPV4_ADDR: / { ids = add(ids, $NF " protocol " proto " port " port) }
/^ *NAT Original IPv4 Address: / { natoa = add(natoa, $NF) }
/^ *Notify Message Type: / { notify = $4 }
END { flush() }
