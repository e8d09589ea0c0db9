//! An answer over HTTP that has an end: clients keep it whole before they read it.

use std::error::Error;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

/// An answer that is longer than anything that could be expected.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the answer has more than {} MB", .0 / 1024 / 1024)]
pub(crate) struct TooLong(usize);

impl TooLong {
    /// The one that is among an error's causes.
    pub(crate) fn among(error: &(dyn Error + 'static)) -> Option<Self> {
        error.downcast_ref().copied().or_else(|| Self::among(error.source()?))
    }
}

/// A body that fails where it has more bytes than it may.
pub(crate) struct Bounded<B> {
    body: B,
    most: usize,
    left: usize,
}

impl<B> Bounded<B> {
    /// Lets this body have up to `most` bytes.
    pub(crate) fn to(most: usize, body: B) -> Self {
        Self { body, most, left: most }
    }
}

impl<B> Body for Bounded<B>
where
    B: Body<Data = Bytes, Error = Box<dyn Error + Send + Sync>> + Unpin,
{
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let polled = Pin::new(&mut self.body).poll_frame(context);
        if let Poll::Ready(Some(Ok(frame))) = &polled {
            let size = frame.data_ref().map_or(0, Bytes::len);
            let Some(left) = self.left.checked_sub(size) else {
                return Poll::Ready(Some(Err(TooLong(self.most).into())));
            };
            self.left = left;
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
