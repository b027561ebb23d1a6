/* SPDX-License-Identifier: MIT */
/*
 * qemu_socket.c - where a virtual machine is plugged in: a UNIX socket at which the lab listens.
 *
 * One machine at a time; who connects while another is there is shown out. When it goes, or says
 * what no QEMU says, the next one may come: a machine that is started again finds its way back.
 * Nothing here ever waits for the machine. What it does not read in time is lost, as on a card
 * whose queue is full. What it says beyond FRAMES_PER_SECOND is left in the socket until its time
 * has come: the lab writes down all that it sees, and must not be flooded.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "lab/os/clock.h"
#include "lab/os/os_priv.h"
#include "lab/vm/qemu_stream.h"
#include "lab/topology/scenario_query.h"

#define FRAMES_PER_SECOND 2000u /* many times what a VPN client and a chatty Windows say */
#define READS_MAX 16		/* without a frame of use: so much is passed over at once */

/* Comings and goings between two questions; of more the oldest are forgotten. */
#define PLUGS_KEPT 8

struct qemu_socket {
	unsigned iface; /* the one that the machine stands for */
	const char *path;
	bool bound;	/* the path is ours, to be removed ... */
	dev_t dev;	/* ... as long as it leads to this */
	ino_t ino;
	int listener, conn;
	enum vm_plug plug; /* as last asked for ... */
	enum vm_plug later[PLUGS_KEPT]; /* ... and what it became since */
	size_t n_later;
	struct vm_stream in;
	uint8_t out[VM_HEADER + VM_FRAME_MAX]; /* a frame that went out in part */
	size_t out_at, out_len;
	usec credited; /* up to when credit was given */
	usec credit;   /* in time, of which a frame takes its part of a second; a second at most */
};

#define FRAME_COSTS (SEC / FRAMES_PER_SECOND)

/* ---- opening ---- */

/* The path belongs to the user alone; the process has one thread yet. */
static int bind_private(int fd, const struct sockaddr_un *sa)
{
	mode_t before = umask(0177);
	int rc = bind(fd, (const struct sockaddr *)sa, sizeof(*sa)), error = errno;

	umask(before);
	errno = error;
	return rc;
}

/*
 * Something is there. A socket that nobody has open was left behind by a run that was killed, and
 * goes; anything else stays. Asked is by a socket of another type, which a stream refuses as such
 * (EPROTOTYPE): a real connection would be taken for a machine that is plugged in.
 */
static int make_way(const struct sockaddr_un *sa, struct err *e)
{
	struct stat st;
	int fd, rc, error;

	if (lstat(sa->sun_path, &st) || !S_ISSOCK(st.st_mode))
		return err_set(e, ERR_MACHINE, "%s is there already and is no socket",
			       sa->sun_path);
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return err_sys(e, "socket");
	rc = connect(fd, (const struct sockaddr *)sa, sizeof(*sa));
	error = errno;
	close(fd);
	if (!rc || error == EPROTOTYPE)
		return err_set(e, ERR_MACHINE, "somebody listens at %s already: another run?",
			       sa->sun_path);
	errno = error;
	if (error != ECONNREFUSED)
		return err_sys(e, "%s is there already", sa->sun_path);
	return unlink(sa->sun_path) ? err_sys(e, "cannot remove %s", sa->sun_path) : 0;
}

static int port_open(struct netns *g, struct qemu_socket *p, struct err *e)
{
	struct epoll_event ev = {.events = EPOLLIN};
	struct sockaddr_un sa = {.sun_family = AF_UNIX};
	struct stat st = {0};

	/* The file's check has seen to the length. */
	snprintf(sa.sun_path, sizeof(sa.sun_path), "%s", p->path);
	p->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (p->listener < 0)
		return err_sys(e, "socket");
	if (bind_private(p->listener, &sa) &&
	    (errno != EADDRINUSE || make_way(&sa, e) || bind_private(p->listener, &sa)))
		return e->kind ? -1 : err_sys(e, "cannot make %s", p->path);
	p->bound = !lstat(p->path, &st);
	p->dev = st.st_dev;
	p->ino = st.st_ino;
	if (!p->bound || listen(p->listener, 1) ||
	    epoll_ctl(g->ports_epoll, EPOLL_CTL_ADD, p->listener, &ev))
		return err_sys(e, "cannot listen at %s", p->path);
	return 0;
}

int qemu_sockets_open(struct netns *g, struct err *e)
{
	const struct scenario *s = g->s;

	if (!scenario_has_vm(s))
		return 0;
	g->port = arena_array_of(g->arena, s->n_nodes, struct qemu_socket);
	g->ports_epoll = epoll_create1(EPOLL_CLOEXEC);
	if (g->ports_epoll < 0)
		return err_sys(e, "epoll");
	for (size_t i = 0; i < s->n_nodes; i++) {
		struct qemu_socket *p = &g->port[g->n_ports];

		if (!s->nodes[i].vm)
			continue;
		g->n_ports++;
		p->iface = s->nodes[i].ifaces[0];
		p->credit = SEC;
		p->credited = clock_monotonic();
		p->path = vm_socket(g->arena, &s->nodes[i]);
		p->listener = p->conn = -1;
		if (port_open(g, p, e))
			return err_prefix(e, "%s", s->nodes[i].name);
	}
	return 0;
}

/* Somebody may have removed it, and another run have come in its place. */
static void remove_own(const struct qemu_socket *p)
{
	struct stat st;

	if (p->bound && !lstat(p->path, &st) && st.st_dev == p->dev && st.st_ino == p->ino)
		unlink(p->path);
}

void qemu_sockets_close(struct netns *g)
{
	for (size_t i = 0; i < g->n_ports; i++) {
		struct qemu_socket *p = &g->port[i];

		remove_own(p);
		if (p->conn >= 0)
			close(p->conn);
		if (p->listener >= 0)
			close(p->listener);
	}
	if (g->ports_epoll >= 0)
		close(g->ports_epoll);
	g->n_ports = 0;
	g->ports_epoll = -1;
}

int netns_qemu_fd(const struct netns *g)
{
	/* What may not be read yet would wake the sleeper all the time. */
	for (size_t i = 0; i < g->n_ports; i++)
		if (g->port[i].credit < FRAME_COSTS)
			return -1;
	return g->ports_epoll;
}

static struct qemu_socket *port_of(const struct netns *g, unsigned iface)
{
	for (size_t i = 0; i < g->n_ports; i++)
		if (g->port[i].iface == iface)
			return &g->port[i];
	return NULL;
}

enum vm_plug netns_qemu_plug(struct netns *g, unsigned iface)
{
	struct qemu_socket *p = port_of(g, iface);

	if (!p)
		return VM_ABSENT;
	if (p->n_later) {
		p->plug = p->later[0];
		memmove(p->later, p->later + 1, --p->n_later * sizeof(*p->later));
	}
	return p->plug;
}

/* ---- coming and going ---- */

static void note(struct qemu_socket *p, enum vm_plug plug)
{
	if (p->n_later == PLUGS_KEPT)
		memmove(p->later, p->later + 1, --p->n_later * sizeof(*p->later));
	p->later[p->n_later++] = plug;
}

static void hang_up(struct qemu_socket *p, enum vm_plug why)
{
	close(p->conn); /* which takes it out of the epoll set */
	p->conn = -1;
	note(p, why);
	p->in = (struct vm_stream){0};
	p->out_at = p->out_len = 0;
}

static void take_connection(struct netns *g, struct qemu_socket *p)
{
	struct epoll_event ev = {.events = EPOLLIN};
	int fd = accept4(p->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

	if (fd < 0)
		return;
	if (p->conn >= 0 || epoll_ctl(g->ports_epoll, EPOLL_CTL_ADD, fd, &ev)) {
		close(fd);
		return;
	}
	p->conn = fd;
	note(p, VM_PLUGGED);
}

/* ---- frames ---- */

static void flush_out(struct qemu_socket *p)
{
	ssize_t n;

	if (p->out_at == p->out_len)
		return;
	n = send(p->conn, p->out + p->out_at, p->out_len - p->out_at, MSG_NOSIGNAL | MSG_DONTWAIT);
	if (n > 0)
		p->out_at += (size_t)n;
	else if (errno != EAGAIN && errno != EINTR)
		p->out_at = p->out_len; /* reading will find out why */
}

bool netns_qemu_send(struct netns *g, unsigned iface, const uint8_t *data, size_t len)
{
	struct qemu_socket *p = port_of(g, iface);

	if (!p)
		return false;
	if (p->conn < 0)
		return true; /* nobody is there */
	flush_out(p);
	if (p->out_at == p->out_len) {
		p->out_at = 0;
		p->out_len = vm_stream_wrap(p->out, data, len);
		flush_out(p);
	}
	return true;
}

/* False: the machine has nothing more to say now, or at all. */
static bool fill_in(struct qemu_socket *p)
{
	size_t room;
	uint8_t *at = vm_stream_room(&p->in, &room);
	ssize_t n = recv(p->conn, at, room, MSG_DONTWAIT);

	if (n > 0)
		vm_stream_fill(&p->in, (size_t)n);
	else if (n == 0 || (errno != EAGAIN && errno != EINTR))
		hang_up(p, VM_UNPLUGGED);
	return n > 0;
}

static void give_credit(struct qemu_socket *p)
{
	usec now = clock_monotonic();

	p->credit = MIN(p->credit + (now - p->credited), SEC);
	p->credited = now;
}

static bool next_frame(struct qemu_socket *p, const uint8_t **data, size_t *len)
{
	unsigned reads = 0;

	while (p->conn >= 0 && p->credit >= FRAME_COSTS) {
		switch (vm_stream_next(&p->in, data, len)) {
		case VM_FRAME:
			p->credit -= FRAME_COSTS;
			return true;
		case VM_BROKEN:
			hang_up(p, VM_HUNG_UP);
			return false;
		case VM_MORE:
			if (reads++ == READS_MAX || !fill_in(p))
				return false;
		}
	}
	return false;
}

bool netns_qemu_read(struct netns *g,
		     void (*frame)(void *ctx, unsigned iface, const uint8_t *data, size_t len),
		     void *ctx)
{
	for (size_t i = 0; i < g->n_ports; i++) {
		/* In turn: who talks most is not the only one who is heard. */
		struct qemu_socket *p = &g->port[g->next_port];
		const uint8_t *data;
		size_t len;

		g->next_port = (g->next_port + 1) % g->n_ports;
		give_credit(p);
		if (p->conn >= 0)
			flush_out(p);
		if (!next_frame(p, &data, &len)) {
			take_connection(g, p);
			if (!next_frame(p, &data, &len))
				continue;
		}
		counters_injected(g, p->iface);
		frame(ctx, p->iface, data, len);
		return true;
	}
	return false;
}
