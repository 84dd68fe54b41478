// libzmq's own header, and the descriptor that wakes a thread out of zmq_poll; a system module because the library is a
// Debian package.
#include <sys/eventfd.h>
#include <zmq.h>
