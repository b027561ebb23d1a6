/* SPDX-License-Identifier: MIT */
/* sockaddr.c - endpoints as the socket calls want them, and the buffer of a socket. */
#include <string.h>
#include <sys/socket.h>

#include "lab/os/os_priv.h"

struct sockaddr_in sockaddr_of(struct inet_ep ep)
{
	struct sockaddr_in sa = {.sin_family = AF_INET, .sin_port = htons(ep.port)};

	memcpy(&sa.sin_addr, ep.addr.b, sizeof(sa.sin_addr));
	return sa;
}

struct inet_ep ep_of(const struct sockaddr_in *sa)
{
	return inet_ep(inet_v4(ntohl(sa->sin_addr.s_addr)), ntohs(sa->sin_port));
}

int socket_set_buffer(int fd, int size)
{
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) == 0)
		return 0;
	return setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
}
